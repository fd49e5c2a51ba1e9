//! Made-up people and places, in the scripts that real histories hold.

use super::random::Random;
use crate::parcel::events::{Address, Currency, Item, Recipient};

/// A country that parcels go to.
pub struct Country {
    pub code: &'static str,
    pub currency: Currency,
    /// Cities with the beginning of their postcodes, which not every country has.
    cities: &'static [(&'static str, Option<&'static str>)],
    streets: &'static [&'static str],
}

/// The countries of the first release come first; they are those with the euro.
pub const COUNTRIES: &[Country] = &[
    Country {
        code: "AT",
        currency: Currency::Eur,
        cities: &[("Wien", Some("10")), ("Mürzzuschlag", Some("86"))],
        streets: &["Kärntner Straße", "Ölweg", "Am Grünen Prater"],
    },
    Country {
        code: "GR",
        currency: Currency::Eur,
        cities: &[("Θεσσαλονίκη", Some("546")), ("Ιωάννινα", Some("452"))],
        streets: &["Οδός Ερμού", "Λεωφόρος Νίκης"],
    },
    Country {
        code: "IE",
        currency: Currency::Eur,
        cities: &[("Dún Laoghaire", None), ("Gaillimh", None)],
        streets: &["Sráid na Siopaí", "O'Connell Street", "The \"Old\" Quay"],
    },
    Country {
        code: "CZ",
        currency: Currency::Czk,
        cities: &[("Plzeň", Some("301 ")), ("Ústí nad Labem", Some("400 "))],
        streets: &["Náměstí Míru", "Žižkova", "U Řeky"],
    },
    Country {
        code: "PL",
        currency: Currency::Pln,
        cities: &[("Łódź", Some("90-0")), ("Świnoujście", Some("72-6"))],
        streets: &["ul. Piotrkowska", "ul. Źródlana"],
    },
    Country {
        code: "RO",
        currency: Currency::Ron,
        cities: &[("Timișoara", Some("3000")), ("Brașov", Some("5000"))],
        streets: &["Strada Lungă", "Bulevardul Ștefan cel Mare"],
    },
    Country {
        code: "TH",
        currency: Currency::Thb,
        cities: &[("เชียงใหม่", Some("502")), ("กรุงเทพฯ", Some("101"))],
        streets: &["ถนนนิมมานเหมินท์", "ซอยสุขุมวิท ๑๑"],
    },
];

/// First and last names that go together, and what stands between them; the last names come first where
/// `last_first` says so.
struct Names {
    first: &'static [&'static str],
    last: &'static [&'static str],
    between: &'static str,
    last_first: bool,
}

const NAMES: &[Names] = &[
    names(
        &["Jörg", "Žofie", "Łucja", "Ștefania"],
        &["Weiß", "Dvořák", "Wójcik", "D'Angelo"],
    ),
    names(
        &["Seán", "Aoife", "Zoë"],
        &["O’Brien", "Nic Giolla", "Smith-Sørensen"],
    ),
    names(&["Ελένη", "Νίκος"], &["Παπαδοπούλου", "Αγγελής"]),
    names(&["Олена", "Тарас", "Ёлка"], &["Шевчук", "Їжакевич", "Петрова"]),
    names(&["ნინო", "გიორგი"], &["ბერიძე", "კაპანაძე"]),
    names(&["Անի", "Հայկ"], &["Սարգսյան", "Գրիգորյան"]),
    names(&["ليلى", "عمر"], &["الحسن", "بن يوسف"]),
    names(&["נועה", "דוד"], &["לוי", "כהן־צדק"]),
    names(&["अनन्या", "रोहित"], &["शर्मा", "क्षीरसागर"]),
    names(&["สมชาย", "กัญญา"], &["ศรีสุข", "ใจดี"]),
    names(&["ሰላም", "አበበ"], &["ተስፋዬ", "ገብረ"]),
    Names {
        first: &["Ánh", "Hương"],
        last: &["Nguyễn Thị", "Đặng"],
        between: " ",
        last_first: true,
    },
    Names {
        first: &["太郎", "さくら"],
        last: &["𠮷野", "髙橋"],
        between: "",
        last_first: true,
    },
    Names {
        first: &["小明", "欣怡"],
        last: &["王", "歐陽"],
        between: "",
        last_first: true,
    },
    Names {
        first: &["민준", "서연"],
        last: &["김", "남궁"],
        between: "",
        last_first: true,
    },
];

const fn names(first: &'static [&'static str], last: &'static [&'static str]) -> Names {
    Names {
        first,
        last,
        between: " ",
        last_first: false,
    }
}

pub const SHOPS: &[&str] = &[
    "Teehaus Blüte",
    "Βιβλιοπωλείο Άνεμος",
    "Hračky U Draka",
    "ร้านชามาลี",
    "Nord & Söhne",
];

/// What is paid with where `address` is.
pub fn currency(address: &Address) -> Option<Currency> {
    let country = COUNTRIES.iter().find(|country| country.code == address.country)?;
    Some(country.currency)
}

pub const CARRIERS: &[&str] = &["swift-hare", "grey-goose", "night-post"];

/// Couriers and what they collect in.
pub const COURIERS: &[(&str, Currency)] = &[
    ("courier-1", Currency::Eur),
    ("courier-2", Currency::Eur),
    ("courier-3", Currency::Eur),
    ("courier-4", Currency::Czk),
    ("courier-5", Currency::Pln),
    ("courier-6", Currency::Ron),
    ("courier-7", Currency::Thb),
];

const GOODS: &[&str] = &[
    "Teekanne",
    "βιβλίο",
    "wooden dragon 🐉",
    "ชาอู่หลง",
    "kabel USB-C, 2 m",
    "зимові шкарпетки",
];

pub const STATEMENTS: &[&str] = &[
    "I never ordered this.",
    "Schachtel eingedrückt",
    "said \"too late\" and closed the door",
    "δεν το θέλω πια 😕",
    "Nie zamawiałem.\nProszę nie dzwonić.",
    "ไม่ได้สั่ง",
];

pub fn name(random: &mut Random) -> String {
    let names = random.pick(NAMES);
    let (first, last) = (*random.pick(names.first), *random.pick(names.last));
    let between = names.between;
    if names.last_first {
        format!("{last}{between}{first}")
    } else {
        format!("{first}{between}{last}")
    }
}

/// Anybody may live anywhere.
pub fn recipient(random: &mut Random, country: &Country) -> Recipient {
    let (city, postcode) = *random.pick(country.cities);
    let address = Address {
        street: format!("{} {}", random.pick(country.streets), random.between(1, 199_u16)),
        city: city.to_owned(),
        postcode: postcode.map(|start| format!("{start}{:02}", random.between(0, 99_u16))),
        country: country.code.to_owned(),
    };
    let phone = random
        .percent(80)
        .then(|| format!("+00 555 {:04}", random.between(0, 9_999_u16)));
    Recipient {
        name: name(random),
        address,
        phone,
    }
}

pub fn items(random: &mut Random) -> Vec<Item> {
    (0..random.between(1, 3_u16))
        .map(|_| Item {
            description: (*random.pick(GOODS)).to_owned(),
            quantity: if random.percent(80) { 1 } else { 2 },
        })
        .collect()
}

//! Pseudonyms, and putting them in place of values.

use hmac::{Hmac, Mac as _};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::mask::MaskForm;
use super::raw;
use crate::json;

/// The pseudonyms of one class, in one form.
pub(super) struct Pseudonyms {
    /// Key and class are in it already.
    mac: Hmac<Sha256>,
    form: MaskForm,
}

impl Pseudonyms {
    pub(super) fn new(mut mac: Hmac<Sha256>, class: &str, form: MaskForm) -> Self {
        // The length keeps class and value apart whatever stands in them.
        mac.update(&(class.len() as u64).to_be_bytes());
        mac.update(class.as_bytes());
        Self { mac, form }
    }

    fn bytes(&self, value: &str, block: u64) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(&block.to_be_bytes());
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The pseudonym of a text.
    pub(super) fn text(&self, value: &str) -> String {
        let bytes = self.bytes(value, 0);
        match self.form {
            MaskForm::Text | MaskForm::Null => json::hex(&bytes[..8]),
            MaskForm::Email => format!("{}@masked.invalid", json::hex(&bytes[..8])),
            MaskForm::Uuid => {
                let mut digits: Vec<u8> = json::hex(&bytes[..16]).into_bytes();
                digits[12] = version_of(value).unwrap_or(b'8');
                digits[16] = b"89ab"[usize::from(bytes[8] >> 6)];
                let digits = String::from_utf8_lossy(&digits).into_owned();
                [
                    &digits[..8],
                    &digits[8..12],
                    &digits[12..16],
                    &digits[16..20],
                    &digits[20..],
                ]
                .join("-")
            }
            MaskForm::Shape => self.shape(value, false),
        }
    }

    /// A letter for a letter and a digit for a digit; in a `number`, the first digit is never zero.
    fn shape(&self, value: &str, number: bool) -> String {
        let mut block = 0;
        let mut bytes = self.bytes(value, 0);
        let mut at = 0;
        let mut first = number;
        let mut exponent = false;
        // A number of 19 digits and more begins with 10, so that it goes on fitting 64 bits.
        let mut leading: &[char] = match value.chars().filter(char::is_ascii_digit).count() {
            19.. if number => &['1', '0'],
            _ => &[],
        };
        value
            .chars()
            .map(|character| {
                if at == bytes.len() {
                    block += 1;
                    bytes = self.bytes(value, block);
                    at = 0;
                }
                exponent |= number && matches!(character, 'e' | 'E');
                let byte = bytes[at];
                let shaped = match character {
                    _ if exponent => return character,
                    '0'..='9' if !leading.is_empty() => {
                        let digit = leading[0];
                        leading = &leading[1..];
                        digit
                    }
                    // Zero stays zero before a point, where another digit would be another size.
                    '0' if first => '0',
                    '0'..='9' if first => char::from(b'1' + byte % 9),
                    '0'..='9' => char::from(b'0' + byte % 10),
                    'a'..='z' => char::from(b'a' + byte % 26),
                    'A'..='Z' => char::from(b'A' + byte % 26),
                    letter if letter.is_alphanumeric() => char::from(b'a' + byte % 26),
                    other => return other,
                };
                at += 1;
                first = false;
                shaped
            })
            .collect()
    }
}

/// The digit of a UUID that says its version.
fn version_of(value: &str) -> Option<u8> {
    let bytes = value.as_bytes();
    let dashes = [8, 13, 18, 23];
    let is_uuid = bytes.len() == 36
        && bytes.iter().enumerate().all(|(index, byte)| {
            if dashes.contains(&index) {
                *byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        });
    is_uuid.then(|| bytes[14])
}

/// `value` with everything below `tokens` replaced.
pub(super) fn replace(
    value: &RawValue,
    tokens: &[String],
    pseudonyms: &Pseudonyms,
    count: &mut u64,
) -> String {
    let (here, below) = match tokens.split_first() {
        Some((here, below)) => (Some(here), below),
        None => (None, tokens),
    };
    let matches = |name: &str| here.is_none_or(|here| here == "*" || here == name);
    let mut out = String::new();
    if let Some(members) = raw::members(value) {
        out.push('{');
        for (index, (name, member)) in members.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            json::write_text(&name, &mut out);
            out.push(':');
            if matches(&name) {
                out.push_str(&replace(member, below, pseudonyms, count));
            } else {
                out.push_str(member.get());
            }
        }
        out.push('}');
    } else if let Some(items) = raw::items(value) {
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            if matches(&index.to_string()) {
                out.push_str(&replace(item, below, pseudonyms, count));
            } else {
                out.push_str(item.get());
            }
        }
        out.push(']');
    } else if here.is_some() {
        out.push_str(value.get());
    } else {
        leaf(value, pseudonyms, count, &mut out);
    }
    out
}

fn leaf(value: &RawValue, pseudonyms: &Pseudonyms, count: &mut u64, out: &mut String) {
    match value.get() {
        "null" => out.push_str("null"),
        _ if pseudonyms.form == MaskForm::Null => {
            out.push_str("null");
            *count += 1;
        }
        // Two values have no secret that a pseudonym could keep.
        written @ ("true" | "false") => out.push_str(written),
        written => {
            *count += 1;
            match raw::text(value) {
                Some(text) => json::write_text(&pseudonyms.text(&text), out),
                None => out.push_str(&pseudonyms.shape(written, true)),
            }
        }
    }
}

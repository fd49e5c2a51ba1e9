//! The drafts of JSON Schema.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::error::SchemaError;

/// A draft of JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Draft {
    /// Draft 4.
    Draft4,
    /// Draft 6.
    Draft6,
    /// Draft 7.
    Draft7,
    /// 2019-09.
    Draft201909,
    /// 2020-12: what a schema without `$schema` is taken for.
    #[default]
    Draft202012,
}

impl Draft {
    /// The draft that a schema says it is written in; 2020-12 when it does not say.
    ///
    /// # Errors
    ///
    /// What stands in `$schema`, when it is no draft from 4 on.
    pub(crate) fn of(schema: &Value) -> Result<Self, String> {
        let Some(named) = schema.get("$schema") else {
            return Ok(Self::default());
        };
        let Some(uri) = named.as_str() else {
            return Err(named.to_string());
        };
        let plain = uri.strip_suffix('#').unwrap_or(uri);
        let plain = plain.split_once("://").map_or(plain, |(_, rest)| rest);
        match plain {
            "json-schema.org/draft-04/schema" => Ok(Self::Draft4),
            "json-schema.org/draft-06/schema" => Ok(Self::Draft6),
            "json-schema.org/draft-07/schema" => Ok(Self::Draft7),
            "json-schema.org/draft/2019-09/schema" => Ok(Self::Draft201909),
            "json-schema.org/draft/2020-12/schema" => Ok(Self::Draft202012),
            _ => Err(uri.to_owned()),
        }
    }

    /// The keyword that gives a schema an address.
    pub(crate) fn id_keyword(self) -> &'static str {
        if self == Self::Draft4 { "id" } else { "$id" }
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draft4 => "draft4",
            Self::Draft6 => "draft6",
            Self::Draft7 => "draft7",
            Self::Draft201909 => "draft2019-09",
            Self::Draft202012 => "draft2020-12",
        })
    }
}

impl FromStr for Draft {
    type Err = SchemaError;

    fn from_str(text: &str) -> Result<Self, SchemaError> {
        match text {
            "draft4" => Ok(Self::Draft4),
            "draft6" => Ok(Self::Draft6),
            "draft7" => Ok(Self::Draft7),
            "draft2019-09" => Ok(Self::Draft201909),
            "draft2020-12" => Ok(Self::Draft202012),
            _ => Err(SchemaError::usage(format!(
                "no draft `{text}`; there are draft4, draft6, draft7, draft2019-09 and draft2020-12"
            ))),
        }
    }
}

//! What a request about the history asks for: which lines, and written as what.

use crate::export::Format;
use crate::http::problem::{Refused, invalid};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use comptoir_model::api::ParameterError;
use comptoir_model::history::{Dimension, HistoryFilter};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::str::FromStr;
use url::form_urlencoded;

/// Beside the dimensions.
const FILTERS: [&str; 2] = ["from", "to"];
const OF_A_LIST: [&str; 4] = ["from", "to", "format", "bom"];

/// Only which lines.
#[derive(Debug)]
pub(crate) struct Filters(pub(crate) HistoryFilter);

/// The parameters of the query. A dimension may stand there several times: any of its values fits.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Asked {
    pub(crate) filter: HistoryFilter,
    pub(crate) format: Format,
    pub(crate) bom: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        of(parts, &OF_A_LIST)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Filters {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        of(parts, &FILTERS).map(|asked| Self(asked.filter))
    }
}

fn of(parts: &Parts, known: &[&str]) -> Result<Asked, Refused> {
    let query = parts.uri.query().unwrap_or_default();
    read(query, known).map_err(|errors| Refused(invalid(errors)))
}

/// `known` are the parameters beside the dimensions.
fn read(query: &str, known: &[&str]) -> Result<Asked, Vec<ParameterError>> {
    let mut asked = Asked::default();
    let (mut errors, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if let Ok(dimension) = Dimension::from_str(&name) {
            let values = asked.filter.values.entry(dimension).or_default();
            values.insert(value.into_owned());
            continue;
        }
        let taken = if !known.contains(&&*name) {
            let dimensions = Dimension::ALL.map(Dimension::as_str).join(", ");
            Err(format!("there are {dimensions}, {} only", known.join(", ")))
        } else if seen.insert(name.clone()) {
            asked.take(&name, &value)
        } else {
            Err("it stands there twice".to_owned())
        };
        if let Err(detail) = taken {
            let parameter = name.into_owned();
            errors.push(ParameterError { parameter, detail });
        }
    }
    if errors.is_empty() {
        Ok(asked)
    } else {
        Err(errors)
    }
}

impl Asked {
    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let day = || {
            let day: Result<Date, _> = value.parse();
            day.map_err(|_| format!("`{value}` is not a date as YYYY-MM-DD"))
        };
        match (name, value) {
            ("from", _) => self.filter.from = Some(day()?),
            ("to", _) => self.filter.to = Some(day()?),
            ("format", "json") => self.format = Format::Json,
            ("format", "csv") => self.format = Format::Csv,
            ("format", _) => return Err(format!("`{value}` is neither json nor csv")),
            _ => {
                let bom = value.parse();
                self.bom = bom.map_err(|_| format!("`{value}` is neither true nor false"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimension_has_as_many_values_as_are_named() {
        let asked = read(
            "country=Korea,+South&from=2004-01-31&country=&status=On%20Hold",
            &FILTERS,
        );
        let asked = asked.unwrap();
        let values = |dimension| {
            let values = asked.filter.values[&dimension].iter();
            values.map(String::as_str).collect::<Vec<_>>()
        };
        assert_eq!(values(Dimension::Country), ["", "Korea, South"]);
        assert_eq!(values(Dimension::Status), ["On Hold"]);
        assert_eq!(asked.filter.from, Some("2004-01-31".parse().unwrap()));
        let whole = read("format=csv&bom=true", &OF_A_LIST).unwrap();
        assert!(whole.filter.is_empty() && whole.bom);
        assert!(read("format=csv", &FILTERS).is_err());
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let query = "to=31.1.2004&form=csv&to=2004-01-01&format=xml&bom=1";
        let errors = read(query, &OF_A_LIST).unwrap_err();
        let named: Vec<_> = (errors.iter())
            .map(|error| (error.parameter.as_str(), error.detail.as_str()))
            .collect();
        assert_eq!(named[0], ("to", "`31.1.2004` is not a date as YYYY-MM-DD"));
        assert!(named[1].1.contains("country"), "{named:?}");
        assert_eq!(named[2], ("to", "it stands there twice"));
        assert_eq!(named[3], ("format", "`xml` is neither json nor csv"));
        assert_eq!(named[4], ("bom", "`1` is neither true nor false"));
    }
}

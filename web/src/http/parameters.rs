//! What a request asks for: the parameters of its query and the name in its path.

use super::problem::{Refused, invalid, problem};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use comptoir_model::api::{ParameterError, ProblemKind};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// The parameters of the query; each one that can't be used is named.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

/// The variable part of a path.
#[derive(Debug)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or_default();
        read(query)
            .map(Self)
            .map_err(|errors| Refused(invalid(errors)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let text = Path::from_request_parts(parts, state).await;
        text.map(|Path(text)| Self(text)).map_err(|_| {
            let detail = format!("{} is no text in UTF-8", parts.uri.path());
            Refused(problem(ProblemKind::NotFound, detail, None))
        })
    }
}

/// No parameter of ours may stand there twice, and each one can be read by itself.
fn read<T: DeserializeOwned>(query: &str) -> Result<T, Vec<ParameterError>> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let parameter = name(part);
        if !seen.insert(parameter.clone()) {
            let detail = "it stands there twice".to_owned();
            errors.push(ParameterError { parameter, detail });
        } else if let Err(detail) = decode::<T>(part)
            && missing(&detail).is_none()
        {
            errors.push(ParameterError { parameter, detail });
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    decode(query).map_err(|detail| {
        let (parameter, detail) = match missing(&detail) {
            Some(parameter) => (parameter.to_owned(), "it is needed".to_owned()),
            None => ("query".to_owned(), detail),
        };
        vec![ParameterError { parameter, detail }]
    })
}

/// Which parameter serde misses. Of one that is read by itself that says nothing: it may be another.
fn missing(detail: &str) -> Option<&str> {
    detail.strip_prefix("missing field `")?.strip_suffix('`')
}

fn name(part: &str) -> String {
    let pairs: Vec<(String, String)> = decode(part).unwrap_or_default();
    let first = pairs.into_iter().next();
    first.map_or_else(|| part.to_owned(), |(name, _)| name)
}

fn decode<T: DeserializeOwned>(query: &str) -> Result<T, String> {
    let uri = Uri::builder().path_and_query(format!("/?{query}")).build();
    let uri = uri.map_err(|error| error.to_string())?;
    match Query::try_from_uri(&uri) {
        Ok(Query(parameters)) => Ok(parameters),
        Err(rejection) => {
            let text = rejection.body_text();
            // axum says first that it is about the query, and which field.
            let (_, text) = text.split_once(": ").unwrap_or(("", &text));
            let unnamed = text.strip_prefix(&format!("{}: ", name_of(query)));
            Err(unnamed.unwrap_or(text).to_owned())
        }
    }
}

fn name_of(part: &str) -> &str {
    part.split_once('=').map_or(part, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        limit: Option<u32>,
        city: Option<String>,
    }

    #[test]
    fn parameters_are_read_as_forms_write_them() {
        let asked: Asked = read("city=Saint%2DMalo+Nord&&limit=7").unwrap();
        assert_eq!(asked.city.as_deref(), Some("Saint-Malo Nord"));
        assert_eq!(asked.limit, Some(7));
        assert_eq!(read::<Asked>(""), Ok(Asked::default()));
    }

    #[test]
    fn one_that_is_needed_is_named_when_it_is_missing() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Place {
            life: u64,
            offset: u64,
        }
        let place = Place { life: 1, offset: 2 };
        assert_eq!(read::<Place>("life=1&offset=2"), Ok(place));
        for (query, named) in [("life=1", "offset"), ("life=x", "life"), ("", "life")] {
            let errors = read::<Place>(query).unwrap_err();
            assert_eq!(errors.len(), 1, "{query}: {errors:?}");
            assert_eq!(errors[0].parameter, named, "{query}: {errors:?}");
        }
    }

    #[test]
    fn every_parameter_that_can_not_be_used_is_named_with_why() {
        let errors = read::<Asked>("limit=x&ci%74y=a&town=b&city=c").unwrap_err();
        let named: Vec<_> = (errors.iter())
            .map(|error| (error.parameter.as_str(), error.detail.as_str()))
            .collect();
        assert_eq!(named[0], ("limit", "invalid digit found in string"));
        assert_eq!(
            named[1],
            ("town", "unknown field `town`, expected `limit` or `city`")
        );
        assert_eq!(named[2], ("city", "it stands there twice"));
    }
}

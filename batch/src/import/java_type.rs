//! `--map-column-java`: Sqoop's words for how a column is read. Pure.

use std::str::FromStr;

/// The Java type that a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JavaType {
    String,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    BigDecimal,
    Date,
    Time,
    Timestamp,
}

/// One column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub column: String,
    pub java: JavaType,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error(
        "--map-column-java `{0}` is not COLUMN=TYPE[,COLUMN=TYPE…]\nhint: for example id=String,price=Double"
    )]
    Syntax(String),
    #[error(
        "--map-column-java: `{java}` of the column `{column}` is no type that Sqoop knows\nhint: String, Integer, Long, Float, Double, Boolean, java.math.BigDecimal, java.sql.Date, java.sql.Time or java.sql.Timestamp"
    )]
    Unknown { column: String, java: String },
}

impl FromStr for JavaType {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let word = word.strip_prefix("java.lang.").unwrap_or(word);
        Ok(match word {
            "String" => Self::String,
            "Integer" => Self::Integer,
            "Long" => Self::Long,
            "Float" => Self::Float,
            "Double" => Self::Double,
            "Boolean" => Self::Boolean,
            "java.math.BigDecimal" => Self::BigDecimal,
            "java.sql.Date" => Self::Date,
            "java.sql.Time" => Self::Time,
            "java.sql.Timestamp" => Self::Timestamp,
            _ => return Err(()),
        })
    }
}

impl JavaType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Integer => "Integer",
            Self::Long => "Long",
            Self::Float => "Float",
            Self::Double => "Double",
            Self::Boolean => "Boolean",
            Self::BigDecimal => "java.math.BigDecimal",
            Self::Date => "java.sql.Date",
            Self::Time => "java.sql.Time",
            Self::Timestamp => "java.sql.Timestamp",
        }
    }
}

/// `id=String,price=Double`
pub(super) fn parse(text: &str) -> Result<Vec<Mapping>, MappingError> {
    text.split(',')
        .map(|pair| {
            let (column, java) = pair
                .split_once('=')
                .filter(|(column, _)| !column.trim().is_empty())
                .ok_or_else(|| MappingError::Syntax(text.to_owned()))?;
            let (column, java) = (column.trim().to_owned(), java.trim());
            match java.parse() {
                Ok(java) => Ok(Mapping { column, java }),
                Err(()) => Err(MappingError::Unknown {
                    column,
                    java: java.to_owned(),
                }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs() {
        let mappings = parse("id=String, price = java.math.BigDecimal").unwrap();
        assert_eq!(mappings.len(), 2);
        assert_eq!(mappings[1].column, "price");
        assert_eq!(mappings[1].java, JavaType::BigDecimal);
    }

    #[test]
    fn names_what_is_wrong() {
        assert!(matches!(parse("id"), Err(MappingError::Syntax(_))));
        let error = parse("id=Str").unwrap_err().to_string();
        assert!(error.contains("`Str` of the column `id`"), "{error}");
    }
}

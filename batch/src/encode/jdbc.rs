//! The numbers that JDBC has for types (`java.sql.Types`), as `MySQL`'s driver 5.1 gives them.

/// Of a type as the server declares it: `varchar(50)` is 12.
pub(super) fn type_number(declared: &str) -> i32 {
    let declared = declared.trim().to_ascii_lowercase();
    let end = declared.find(|c: char| !c.is_ascii_alphanumeric());
    let (name, rest) = declared.split_at(end.unwrap_or(declared.len()));
    let unsigned = rest.contains("unsigned");
    match name {
        "tinyint" if rest.starts_with("(1)") => BIT,
        "tinyint" => -6,
        "smallint" => 5,
        "int" if unsigned => BIGINT,
        "mediumint" | "int" => 4,
        "bigint" => BIGINT,
        "float" => 7,
        "double" => 8,
        "decimal" => 3,
        "bit" => BIT,
        "char" | "enum" | "set" => 1,
        "varchar" | "tinytext" => 12,
        "binary" => -2,
        "varbinary" | "tinyblob" => -3,
        "blob" | "mediumblob" | "longblob" => -4,
        "date" | "year" => 91,
        "time" => 92,
        "datetime" | "timestamp" => 93,
        // TEXT, JSON and what the driver does not know.
        _ => -1,
    }
}

const BIT: i32 = -7;
const BIGINT: i32 = -5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_those_in_the_schemas_that_sqoop_wrote() {
        for (declared, number) in [
            ("int(11)", 4),
            ("tinyint(4)", -6),
            ("tinyint(1)", -7),
            ("int(10) unsigned", -5),
            ("bit(8)", -7),
            ("longtext", -1),
            ("longblob", -4),
            ("year(4)", 91),
            ("enum('a','b')", 1),
            ("datetime(6)", 93),
        ] {
            assert_eq!(type_number(declared), number, "{declared}");
        }
    }
}

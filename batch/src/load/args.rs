//! The flags of `comptoir-batch load`.

use super::{ColumnType, Encoding, LoadRequest};
use crate::cli::DatabaseArgs;
use comptoir_config::{Key, Sources};
use jiff::civil::Date;
use std::path::PathBuf;
use std::str::FromStr;

const EXAMPLES: &str = "\
Examples:
  # the sample, with dates that end today, and the four tables of a proper ERP
  comptoir-batch load datasets/sales_data_sample.csv --connect sqlite:erp.db \\
      --table sales --erp-tables --shift-dates-to today

  # an old till's export, bad lines set aside, rows replaced by their key
  comptoir-batch load export.csv --connect mysql://db.shop:3306/erp \\
      --username comptoir --password-file /etc/comptoir/erp.password \\
      --table tills --encoding CP850 --key SHOP,TICKET --bad-rows bad.csv

The file is loaded in one transaction, or not at all. Without --key a column `id` numbers the
lines, and the table holds exactly the file afterwards. Loading twice does not double.";

#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "--help shows examples.")]
pub struct LoadArgs {
    /// The CSV file; its first line names the columns
    pub file: PathBuf,

    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The table; made where it is missing [default: import.table, which is sales]
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub table: Option<String>,

    /// The columns of the primary key: their rows are replaced, others stay
    #[arg(
        long,
        value_name = "COLUMN",
        value_delimiter = ',',
        help_heading = "Target"
    )]
    pub key: Vec<String>,

    /// Fill the tables customers, products, orders and order lines as well
    #[arg(long, conflicts_with = "key", help_heading = "Target")]
    pub erp_tables: bool,

    /// UTF-8, UTF-16LE, UTF-16BE, CP437, CP850, windows-1252 or ISO-8859-1 [default: detected]
    #[arg(long, value_name = "NAME", help_heading = "File")]
    pub encoding: Option<Encoding>,

    /// A column's type, instead of the inferred one: PHONE=TEXT
    #[arg(long = "types", value_name = "COLUMN=TYPE", value_parser = column_type, help_heading = "File")]
    pub types: Vec<(String, ColumnType)>,

    /// Set bad lines aside in this file, with their line and reason, instead of refusing the load
    #[arg(long, value_name = "FILE", help_heading = "File")]
    pub bad_rows: Option<PathBuf>,

    /// Move all dates by whole days, so that the last one is this: YYYY-MM-DD, or today (in UTC)
    #[arg(long, value_name = "DATE", help_heading = "File")]
    pub shift_dates_to: Option<ShiftTo>,
}

/// The day that the last date moves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftTo {
    Today,
    Date(Date),
}

impl FromStr for ShiftTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "today" {
            return Ok(Self::Today);
        }
        let date = text
            .parse()
            .map_err(|_| "neither `today` nor a date as YYYY-MM-DD")?;
        Ok(Self::Date(date))
    }
}

/// A type holds commas, a column name may hold `=`: the last one decides.
fn column_type(text: &str) -> Result<(String, ColumnType), String> {
    let (column, column_type) = text
        .rsplit_once('=')
        .ok_or("not COLUMN=TYPE, as in PHONE=TEXT")?;
    let column_type = column_type
        .parse()
        .map_err(|error: super::UnknownType| error.to_string())?;
    Ok((column.to_owned(), column_type))
}

impl LoadArgs {
    /// Adds what the flags set to where the settings come from.
    pub fn add_to(&self, sources: Sources) -> Sources {
        (self.database.add_to(sources)).flag(Key::ImportTable, "--table", self.table.as_ref())
    }

    /// The request, with the table that the settings name.
    pub fn request(&self, table: &str, today: Date) -> LoadRequest {
        LoadRequest {
            file: self.file.clone(),
            table: table.to_owned(),
            encoding: self.encoding,
            key: self.key.clone(),
            types: self.types.clone(),
            bad_rows: self.bad_rows.clone(),
            erp_tables: self.erp_tables,
            shift_dates_to: self.shift_dates_to.map(|to| match to {
                ShiftTo::Today => today,
                ShiftTo::Date(date) => date,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_may_hold_a_comma() {
        let parsed = column_type("UNIT PRICE=DECIMAL(10,2)").unwrap();
        assert_eq!(parsed.0, "UNIT PRICE");
        assert_eq!(parsed.1.to_string(), "DECIMAL(10,2)");
        assert!(column_type("PHONE").is_err());
        assert!(column_type("PHONE=FLOAT").is_err());
    }

    #[test]
    fn takes_a_date_or_today() {
        assert_eq!("today".parse(), Ok(ShiftTo::Today));
        assert_eq!(
            "2026-05-29".parse(),
            Ok(ShiftTo::Date(jiff::civil::date(2026, 5, 29)))
        );
        assert!("29.5.2026".parse::<ShiftTo>().is_err());
    }
}

//! The sales row: one order line as the ERP's flat `sales` table holds it.

use crate::ids::OrderNumber;
use crate::money::{Currency, Money};
use jiff::civil::Date;

/// The 25 columns of the flat table and of `sales_data_sample.csv`, in their order.
pub const SALES_COLUMNS: [&str; 25] = [
    "ORDERNUMBER",
    "QUANTITYORDERED",
    "PRICEEACH",
    "ORDERLINENUMBER",
    "SALES",
    "ORDERDATE",
    "STATUS",
    "QTR_ID",
    "MONTH_ID",
    "YEAR_ID",
    "PRODUCTLINE",
    "MSRP",
    "PRODUCTCODE",
    "CUSTOMERNAME",
    "PHONE",
    "ADDRESSLINE1",
    "ADDRESSLINE2",
    "CITY",
    "STATE",
    "POSTALCODE",
    "COUNTRY",
    "TERRITORY",
    "CONTACTLASTNAME",
    "CONTACTFIRSTNAME",
    "DEALSIZE",
];

/// The status whose lines are shown, but are never revenue.
pub const CANCELLED: &str = "Cancelled";

/// What the history is made of: one order line, reduced to what is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesLine {
    pub order: OrderNumber,
    pub line: u32,
    pub sales: Money,
    pub date: Date,
    pub status: String,
    pub product_line: String,
    pub customer: String,
    pub country: String,
    pub territory: String,
    pub deal_size: String,
}

impl SalesLine {
    pub fn is_cancelled(&self) -> bool {
        self.status == CANCELLED
    }
}

/// A row that is not an order line. The caller adds the file and the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SalesError {
    #[error("column {0} is missing")]
    MissingColumn(&'static str),
    #[error("column {column}: `{value}` is not {expected}")]
    Value {
        column: &'static str,
        value: String,
        expected: &'static str,
    },
    #[error("column {0} is NULL")]
    Null(&'static str),
}

/// Where each needed column stands in a row, found once by name (case ignored), so that column
/// order and further columns (`id`) do not matter.
#[derive(Clone, Debug)]
pub struct SalesLayout {
    order: usize,
    line: usize,
    sales: usize,
    date: usize,
    status: usize,
    product_line: usize,
    customer: usize,
    country: usize,
    territory: usize,
    deal_size: usize,
    currency: Currency,
}

impl SalesLayout {
    pub fn of<S: AsRef<str>>(columns: &[S], currency: Currency) -> Result<Self, SalesError> {
        let find = |name: &'static str| {
            columns
                .iter()
                .position(|column| column.as_ref().eq_ignore_ascii_case(name))
                .ok_or(SalesError::MissingColumn(name))
        };
        Ok(Self {
            order: find("ORDERNUMBER")?,
            line: find("ORDERLINENUMBER")?,
            sales: find("SALES")?,
            date: find("ORDERDATE")?,
            status: find("STATUS")?,
            product_line: find("PRODUCTLINE")?,
            customer: find("CUSTOMERNAME")?,
            country: find("COUNTRY")?,
            territory: find("TERRITORY")?,
            deal_size: find("DEALSIZE")?,
            currency,
        })
    }

    /// Reads one row of UTF-8 values; `None` is SQL's NULL. Columns that are not needed may hold
    /// any bytes.
    ///
    /// The date may be a DATE or a DATETIME as databases and Sqoop print them; its time of day
    /// is not looked at.
    pub fn read<S: AsRef<[u8]>>(&self, row: &[Option<S>]) -> Result<SalesLine, SalesError> {
        let text = |at: usize, column: &'static str| match row.get(at) {
            Some(Some(value)) => std::str::from_utf8(value.as_ref()).map_err(|_| {
                wrong(
                    column,
                    &String::from_utf8_lossy(value.as_ref()),
                    "UTF-8 text",
                )
            }),
            Some(None) => Err(SalesError::Null(column)),
            None => Err(SalesError::MissingColumn(column)),
        };
        let order = text(self.order, "ORDERNUMBER")?;
        let line = text(self.line, "ORDERLINENUMBER")?;
        let sales = text(self.sales, "SALES")?;
        let date = text(self.date, "ORDERDATE")?;
        Ok(SalesLine {
            order: OrderNumber(
                (order.parse()).map_err(|_| wrong("ORDERNUMBER", order, "an order number"))?,
            ),
            line: (line.parse()).map_err(|_| wrong("ORDERLINENUMBER", line, "a line number"))?,
            sales: Money::parse(sales, self.currency)
                .map_err(|_| wrong("SALES", sales, "a decimal amount"))?,
            date: (date.get(..10).unwrap_or(date))
                .parse()
                .map_err(|_| wrong("ORDERDATE", date, "a date as YYYY-MM-DD"))?,
            status: text(self.status, "STATUS")?.to_owned(),
            product_line: text(self.product_line, "PRODUCTLINE")?.to_owned(),
            customer: text(self.customer, "CUSTOMERNAME")?.to_owned(),
            country: text(self.country, "COUNTRY")?.to_owned(),
            territory: text(self.territory, "TERRITORY")?.to_owned(),
            deal_size: text(self.deal_size, "DEALSIZE")?.to_owned(),
        })
    }
}

fn wrong(column: &'static str, value: &str, expected: &'static str) -> SalesError {
    SalesError::Value {
        column,
        value: value.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(order: &str, sales: &str, date: &str) -> Vec<Option<String>> {
        SALES_COLUMNS
            .iter()
            .map(|column| match *column {
                "ORDERNUMBER" => Some(order.to_owned()),
                "ORDERLINENUMBER" => Some("2".to_owned()),
                "SALES" => Some(sales.to_owned()),
                "ORDERDATE" => Some(date.to_owned()),
                "STATE" => None,
                other => Some(other.to_lowercase()),
            })
            .collect()
    }

    fn layout() -> SalesLayout {
        SalesLayout::of(&SALES_COLUMNS, Currency::EUR).unwrap()
    }

    #[test]
    fn reads_a_row_with_a_date_or_a_datetime() {
        let plain = layout()
            .read(&row("10107", "2871.00", "2003-02-24"))
            .unwrap();
        let stamped = layout()
            .read(&row("10107", "2871.00", "2003-02-24 00:00:00.0"))
            .unwrap();
        assert_eq!(plain, stamped);
        assert_eq!(plain.order, OrderNumber(10107));
        assert_eq!(plain.date, jiff::civil::date(2003, 2, 24));
    }

    #[test]
    fn names_the_column_and_the_value_that_is_wrong() {
        let error = layout()
            .read(&row("10107", "12,5", "2003-02-24"))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "column SALES: `12,5` is not a decimal amount"
        );
        let error = layout().read(&row("10107", "1", "2003-02-30")).unwrap_err();
        assert!(error.to_string().contains("2003-02-30"), "{error}");
    }

    #[test]
    fn needs_utf8_only_where_it_reads() {
        let bytes = |name: &str| {
            let values = row("10107", "1", "2003-02-24");
            let mut values: Vec<_> = values
                .into_iter()
                .map(|v| v.map(String::into_bytes))
                .collect();
            let at = SALES_COLUMNS
                .iter()
                .position(|column| *column == name)
                .unwrap();
            values[at] = Some(vec![0xff]);
            layout().read(&values)
        };
        assert!(bytes("PHONE").is_ok());
        let error = bytes("CUSTOMERNAME").unwrap_err().to_string();
        assert!(error.starts_with("column CUSTOMERNAME: "), "{error}");
    }

    #[test]
    fn names_a_missing_column() {
        let error = SalesLayout::of(&SALES_COLUMNS[1..], Currency::EUR).unwrap_err();
        assert_eq!(error, SalesError::MissingColumn("ORDERNUMBER"));
    }
}

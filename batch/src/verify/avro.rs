//! Avro files back into canonical rows, by `apache-avro`.

use super::file_value::FileValue;
use super::lake_bytes::{LakeBytes, Stream};
use crate::encode::Total;
use crate::encode::canonical::CanonicalRow;
use crate::encode::values::Unscaled;
use apache_avro::types::Value;
use apache_avro::{Reader, Schema};
use comptoir_model::row_checksum::CanonicalForm;
use num_bigint::BigInt;
use std::io::BufReader;

pub(super) fn total(file: &LakeBytes, forms: &[CanonicalForm]) -> Result<Total, String> {
    let mut row = CanonicalRow::default();
    let mut total = Total::default();
    for_each_row(file, forms.len(), |values| {
        for (value, form) in values.iter().zip(forms) {
            match value {
                None => row.null(),
                Some(value) => row.value(|out| value.append_canonical(*form, out)),
            }
        }
        total += row.take();
        Ok(())
    })?;
    Ok(total)
}

/// The schema that a file was written with.
pub(crate) fn schema(file: &LakeBytes) -> Result<Schema, String> {
    Ok(open(file)?.writer_schema().clone())
}

fn open(file: &LakeBytes) -> Result<Reader<'static, BufReader<Stream>>, String> {
    Reader::new(BufReader::new(file.stream(0))).map_err(|error| error.to_string())
}

/// Reads a file of so many fields row by row; an error names the record.
pub(crate) fn for_each_row(
    file: &LakeBytes,
    fields: usize,
    mut take: impl FnMut(&[Option<FileValue<'_>>]) -> Result<(), String>,
) -> Result<(), String> {
    for_each_record(file, fields, |_, values| take(values))
}

/// As [`for_each_row`], with the record as a whole.
pub(crate) fn for_each_record(
    file: &LakeBytes,
    fields: usize,
    mut take: impl FnMut(&Value, &[Option<FileValue<'_>>]) -> Result<(), String>,
) -> Result<(), String> {
    let reader = open(file)?;
    let scales = scales(reader.writer_schema())?;
    if scales.len() != fields {
        return Err(format!(
            "it has {} fields, {fields} are expected",
            scales.len(),
        ));
    }
    for (number, record) in (1..).zip(reader) {
        let number: u64 = number;
        let at = |reason: String| format!("record {number}: {reason}");
        let record = record.map_err(|error| at(error.to_string()))?;
        let Value::Record(fields) = &record else {
            return Err(at("it is no record".to_owned()));
        };
        let values =
            (fields.iter().zip(&scales)).map(|((_, value), scale)| file_value(value, *scale));
        let values: Vec<_> = values.collect::<Result<_, _>>().map_err(at)?;
        take(&record, &values).map_err(at)?;
    }
    Ok(())
}

/// Of each field, the scale of a decimal: the values do not carry it.
fn scales(schema: &Schema) -> Result<Vec<usize>, String> {
    let Schema::Record(record) = schema else {
        return Err("its schema is no record".to_owned());
    };
    let scale_of = |schema: &Schema| match schema {
        Schema::Decimal(decimal) => Some(decimal.scale),
        _ => None,
    };
    let fields = record.fields.iter().map(|field| match &field.schema {
        Schema::Union(union) => union.variants().iter().find_map(scale_of).unwrap_or(0),
        schema => scale_of(schema).unwrap_or(0),
    });
    Ok(fields.collect())
}

fn file_value(value: &Value, scale: usize) -> Result<Option<FileValue<'_>>, String> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Union(_, value) => return file_value(value, scale),
        Value::Boolean(value) => FileValue::Boolean(*value),
        Value::Int(number) => FileValue::Integer((*number).into()),
        Value::Long(number) => FileValue::Integer((*number).into()),
        Value::Float(number) => FileValue::Float32(*number),
        Value::Double(number) => FileValue::Float64(*number),
        Value::Decimal(number) => {
            FileValue::Decimal(Unscaled::Big(BigInt::from(number.clone())), scale)
        }
        Value::Date(days) => FileValue::Date(*days),
        Value::TimeMicros(time) => FileValue::Time(*time),
        Value::TimestampMicros(time) | Value::LocalTimestampMicros(time) => {
            FileValue::DateTime(*time)
        }
        Value::String(text) => FileValue::Bytes(text.as_bytes()),
        Value::Bytes(bytes) => FileValue::Bytes(bytes),
        other => return Err(format!("a field holds {other:?}, which no import writes")),
    }))
}

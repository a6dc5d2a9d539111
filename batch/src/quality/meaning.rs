//! From a rule as it is written to what it asks for.

use super::parse::{At, SHAPE};
use super::raw::{RawAction, RawBound, RawCheck, RawRule};
use super::rules::{Bound, Check, Reference, Rule, Share};
use comptoir_model::quality::RuleAction;
use std::ops::Range;
use toml::Spanned;

impl RawRule {
    pub(super) fn into_rule(self, line: usize, span: &Range<usize>) -> Result<Rule, At> {
        self.refuse_strangers(span)?;
        let kind = self.check;
        let action = match self.action {
            RawAction::Warn => RuleAction::Warn,
            RawAction::Quarantine => RuleAction::Quarantine,
            RawAction::Fail => RuleAction::Fail,
        };
        let of_all_rows = matches!(kind, RawCheck::RowCount | RawCheck::Freshness);
        if action == RuleAction::Quarantine && of_all_rows {
            return Err(At(
                span.clone(),
                format!("{kind} is about all rows, so none can be set aside"),
                "take the action warn or fail",
            ));
        }
        Ok(Rule {
            line,
            name: self.name.clone(),
            table: self.table.clone(),
            check: self.into_check(span)?,
            action,
        })
    }

    /// What another check needs is not ignored.
    fn refuse_strangers(&self, span: &Range<usize>) -> Result<(), At> {
        use RawCheck::{Freshness, Range, Reference, RowCount, Set};
        let kind = self.check;
        let bounds = matches!(kind, Range | RowCount);
        for (key, is_there, belongs) in [
            ("column", self.column.is_some(), kind != RowCount),
            ("min", self.min.is_some(), bounds),
            ("max", self.max.is_some(), bounds),
            ("values", self.values.is_some(), kind == Set),
            ("references", self.references.is_some(), kind == Reference),
            ("min_percent", self.min_percent.is_some(), kind == RowCount),
            ("max_percent", self.max_percent.is_some(), kind == RowCount),
            ("max_age", self.max_age.is_some(), kind == Freshness),
        ] {
            if is_there && !belongs {
                return Err(At(
                    span.clone(),
                    format!("`{key}` means nothing to the check {kind}"),
                    "take it away, or choose another check",
                ));
            }
        }
        Ok(())
    }

    fn into_check(self, span: &Range<usize>) -> Result<Check, At> {
        let missing = |key: &str| {
            At(
                span.clone(),
                format!("the check {} needs `{key}`", self.check),
                SHAPE,
            )
        };
        let column = self.column.clone().ok_or_else(|| missing("column"));
        Ok(match self.check {
            RawCheck::NotNull => Check::NotNull { column: column? },
            RawCheck::Unique => Check::Unique { column: column? },
            RawCheck::Range => {
                if self.min.is_none() && self.max.is_none() {
                    return Err(missing("min` or `max"));
                }
                let bound = |raw: Option<Spanned<RawBound>>| {
                    raw.map(|raw| Bound(raw.into_inner().into_text()))
                };
                Check::Range {
                    column: column?,
                    min: bound(self.min),
                    max: bound(self.max),
                }
            }
            RawCheck::Set => {
                let values = self.values.ok_or_else(|| missing("values"))?;
                let values = values.into_inner().into_iter().map(RawBound::into_text);
                Check::Set {
                    column: column?,
                    values: values.collect(),
                }
            }
            RawCheck::Reference => {
                let to = self.references.ok_or_else(|| missing("references"))?;
                let at = to.span();
                let text = to.into_inner();
                let (table, to) = text.rsplit_once('.').ok_or_else(|| {
                    At(
                        at,
                        format!("`{text}` names no column of a table"),
                        "write references = \"customers.id\"",
                    )
                })?;
                Check::Reference {
                    column: column?,
                    to: Reference {
                        table: table.to_owned(),
                        column: to.to_owned(),
                    },
                }
            }
            RawCheck::RowCount => {
                let share = Share {
                    percent_min: self.min_percent,
                    percent_max: self.max_percent,
                };
                let has_share = share.percent_min.is_some() || share.percent_max.is_some();
                if self.min.is_none() && self.max.is_none() && !has_share {
                    return Err(missing("min`, `max`, `min_percent` or `max_percent"));
                }
                Check::RowCount {
                    min: self.min.map(rows).transpose()?,
                    max: self.max.map(rows).transpose()?,
                    share: has_share.then_some(share),
                }
            }
            RawCheck::Freshness => {
                let age = self.max_age.ok_or_else(|| missing("max_age"))?;
                let (at, text) = (age.span(), age.into_inner());
                let age_max = text.parse().map_err(|error: jiff::Error| {
                    At(
                        at,
                        format!("`{text}` is no length of time: {error}"),
                        "write it in hours and minutes: max_age = \"36h\"",
                    )
                })?;
                Check::Freshness {
                    column: column?,
                    age_max,
                }
            }
        })
    }
}

fn rows(bound: Spanned<RawBound>) -> Result<u64, At> {
    let span = bound.span();
    match bound.into_inner() {
        RawBound::Integer(number) if number >= 0 => Ok(number.cast_unsigned()),
        other => Err(At(
            span,
            format!("`{}` is no number of rows", other.into_text()),
            "write a whole number",
        )),
    }
}

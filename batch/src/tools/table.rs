//! Rows between bars, as Sqoop's eval prints them. Pure.

/// Wide enough for most values; a longer one moves the bars of its row. Rows are printed as they
/// come, so the widest is not known.
const WIDTH_MIN: usize = 20;

pub(super) fn width(name: &str) -> usize {
    name.chars().count().max(WIDTH_MIN)
}

pub(super) fn rule(widths: &[usize]) -> String {
    "-".repeat(widths.iter().map(|width| width + 3).sum::<usize>() + 1)
}

/// A value's line breaks would break the table.
pub(super) fn line(values: &[&str], widths: &[usize]) -> String {
    let cells = values.iter().zip(widths).map(|(value, width)| {
        let value = value.replace(['\n', '\r'], " ");
        format!(" {value:<width$} |")
    });
    format!("|{}", cells.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_below_each_other() {
        let widths = [width("id"), width("a name that is rather long")];
        let lines = [
            line(&["id", "x"], &widths),
            line(&["1\n2", "é"], &widths),
            rule(&widths),
        ];
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() == lines[0].chars().count()),
            "{lines:?}"
        );
    }
}

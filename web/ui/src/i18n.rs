//! The page's words. Each language is written for itself, not translated word by word; a missing
//! text does not compile.

pub(crate) mod data;
mod english;
pub(crate) mod filters;
mod french;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod journal;
pub(crate) mod lake;
pub(crate) mod live;
pub(crate) mod logs;
pub(crate) mod sentences;

use comptoir_model::history::Dimension;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    English,
    French,
}

impl Language {
    /// The first of the browser's languages that the page speaks; English where it speaks none.
    pub(crate) fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        tags.into_iter()
            .find_map(Self::from_tag)
            .unwrap_or(Self::English)
    }

    /// Reads a BCP 47 tag: `fr`, `fr-CA`, `en-GB`.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        [Self::English, Self::French]
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::English => Self::French,
            Self::French => Self::English,
        }
    }

    pub(crate) fn text(self) -> &'static Text {
        match self {
            Self::English => &english::TEXT,
            Self::French => &french::TEXT,
        }
    }
}

/// Every text without arguments; the others are in [`sentences`].
pub(crate) struct Text {
    pub(crate) months: [&'static str; 12],
    pub(crate) short_months: [&'static str; 12],

    pub(crate) live_page: &'static str,
    pub(crate) history: &'static str,
    pub(crate) data_page: &'static str,
    pub(crate) lake_page: &'static str,
    pub(crate) logs_page: &'static str,
    pub(crate) health_page: &'static str,
    pub(crate) journal_page: &'static str,
    /// Of a list that goes on: its beginning, and what comes behind.
    pub(crate) newest_page: &'static str,
    pub(crate) older_page: &'static str,
    pub(crate) time_zone: &'static str,
    pub(crate) main_navigation: &'static str,
    pub(crate) skip_to_content: &'static str,
    /// On the button that leads to the other language, in that language.
    pub(crate) log_out: &'static str,
    pub(crate) switch_language: &'static str,
    pub(crate) theme_auto: &'static str,
    pub(crate) theme_light: &'static str,
    pub(crate) theme_dark: &'static str,

    pub(crate) figures: &'static str,
    pub(crate) net_sales: FigureText,
    pub(crate) sales: FigureText,
    pub(crate) cancelled_sales: FigureText,
    pub(crate) average_basket: FigureText,
    pub(crate) orders: FigureText,
    pub(crate) lines: FigureText,
    pub(crate) customers: FigureText,
    /// Where a value does not exist, for screen readers beside the dash.
    pub(crate) no_value: &'static str,

    pub(crate) how_is_this_made: &'static str,
    pub(crate) formula: &'static str,
    pub(crate) source_table: &'static str,
    pub(crate) run: &'static str,
    pub(crate) imported_at: &'static str,
    pub(crate) read_from: &'static str,

    pub(crate) sales_by_month: &'static str,
    pub(crate) month: &'static str,
    pub(crate) month_caption: &'static str,
    pub(crate) month_hint: &'static str,
    pub(crate) year_before: &'static str,
    pub(crate) sales_by_product_line: &'static str,
    pub(crate) group_caption: &'static str,
    pub(crate) breakdown: &'static str,
    pub(crate) breakdown_choice: &'static str,
    pub(crate) dimensions: DimensionTexts,
    pub(crate) show_table: &'static str,
    pub(crate) show_chart: &'static str,
    /// Before the name of what a link saves.
    pub(crate) csv_of: &'static str,
    pub(crate) no_rows: &'static str,
    pub(crate) no_group_name: &'static str,

    pub(crate) lake: &'static str,
    pub(crate) part: &'static str,
    pub(crate) rows: &'static str,
    pub(crate) bytes: &'static str,
    pub(crate) checksum: &'static str,
    pub(crate) total: &'static str,

    pub(crate) loading: &'static str,
    pub(crate) nothing_imported: &'static str,
    pub(crate) what_fills_it: &'static str,
    pub(crate) command: &'static str,
    pub(crate) retries: &'static str,
    pub(crate) unreachable: &'static str,
    pub(crate) unreachable_cure: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) unreadable_cure: &'static str,
    pub(crate) lake_unavailable: &'static str,
    pub(crate) lake_unavailable_cure: &'static str,
    pub(crate) unreadable_import: &'static str,
    pub(crate) unreadable_import_cure: &'static str,
    pub(crate) timed_out: &'static str,
    pub(crate) refused: &'static str,

    pub(crate) live: live::LiveText,
    pub(crate) logs: logs::LogsText,
    pub(crate) jobs: jobs::JobsText,
    pub(crate) health: health::HealthText,
}

/// A figure's name, what it counts in a few words, and its formula.
pub(crate) struct FigureText {
    pub(crate) label: &'static str,
    pub(crate) note: &'static str,
    pub(crate) formula: &'static str,
}

pub(crate) struct DimensionTexts {
    pub(crate) product_line: &'static str,
    pub(crate) country: &'static str,
    pub(crate) territory: &'static str,
    pub(crate) status: &'static str,
    pub(crate) deal_size: &'static str,
}

impl Text {
    pub(crate) fn dimension(&self, dimension: Dimension) -> &'static str {
        match dimension {
            Dimension::Month => self.month,
            Dimension::ProductLine => self.dimensions.product_line,
            Dimension::Country => self.dimensions.country,
            Dimension::Territory => self.dimensions.territory,
            Dimension::Status => self.dimensions.status,
            Dimension::DealSize => self.dimensions.deal_size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_language_it_speaks() {
        assert_eq!(
            Language::preferred(["de-DE", "fr-CA", "en"]),
            Language::French
        );
        assert_eq!(Language::preferred(["EN-gb", "fr"]), Language::English);
        assert_eq!(Language::preferred(["frr", "de"]), Language::English);
        assert_eq!(Language::preferred([]), Language::English);
    }
}

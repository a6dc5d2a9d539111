//! Where we differ from Sqoop on purpose; `batch/README.md` says the same to its users.

/// Whether `--sqoop-compat` brings Sqoop's bytes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithCompat {
    Same,
    Differs,
}

pub(crate) struct Difference {
    pub(crate) cases: &'static [&'static str],
    pub(crate) with_compat: WithCompat,
}

/// In every row of `types` there is a BIT(8), and in one the double 1e23, which Java before 19 prints
/// with more digits than it has.
const TYPES: &[&str] = &[
    "types_default",
    "types_enclosed",
    "types_enclosed_esc",
    "types_escaped",
    "types_hive_drop",
    "types_hive_drop_ctrla",
    "types_hive_replace_space",
    "types_hive_replace_word",
    "types_lines_ctrl",
    "types_m4",
    "types_map_column_java",
    "types_mysql_delimiters",
    "types_mysql_delimiters_null",
    "types_null_N",
    "types_null_N_enclosed",
    "types_null_N_esc",
    "types_null_empty",
    "types_optenc",
    "types_optenc_esc",
    "types_pipe_optenc_esc",
    "types_tab",
    "types_tinyint1_notbit",
];

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        cases: TYPES,
        with_compat: WithCompat::Same,
    },
    // The right logical types.
    Difference {
        cases: &[
            "types_avro",
            "types_avro_logical",
            "types_avro_snappy",
            "types_parquet",
        ],
        with_compat: WithCompat::Same,
    },
    // Dates that no calendar has stay as they are.
    Difference {
        cases: &["zero_dates", "zero_dates_map_string", "zero_dates_round"],
        with_compat: WithCompat::Same,
    },
    // Rows that Sqoop loses.
    Difference {
        cases: &["gaps_nullsplit_m4", "splits_dbl_c_m4"],
        with_compat: WithCompat::Same,
    },
    // What fails in Java.
    Difference {
        cases: &[
            "overflow_c_time",
            "overflow_c_time6",
            "overflow_c_ubigint",
            "overflow_map_string",
            "err_null_single_backslash",
        ],
        with_compat: WithCompat::Same,
    },
    // Merged rows sorted by the key as its type.
    Difference {
        cases: &["inc_lastmod_merge_2", "inc_lastmod_merge_3_m2"],
        with_compat: WithCompat::Same,
    },
    // Rows instead of what mysqldump prints; an instance of a Java class.
    Difference {
        cases: &["direct", "types_sequence"],
        with_compat: WithCompat::Differs,
    },
];

pub(crate) fn listed(case: &str) -> Option<&'static Difference> {
    DIFFERENCES
        .iter()
        .find(|difference| difference.cases.contains(&case))
}

//! The flags of `eval`, `list-databases` and `list-tables`.

use crate::cli::{DatabaseArgs, EXIT_CODES, PasswordArgs};
use comptoir_config::Sources;

const EVAL_EXAMPLES: &str = "\
Examples:
  comptoir-batch eval --connect jdbc:mysql://db.shop:3306/erp --username comptoir -P \\
      --query 'SELECT status, COUNT(*) FROM sales GROUP BY status'

A SELECT prints its rows; anything else says how many rows it changed.";

#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = format!("{EVAL_EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct EvalArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub password: PasswordArgs,

    /// The statement
    #[arg(short = 'e', long, value_name = "SQL")]
    pub query: String,

    /// Say more
    #[arg(long)]
    pub verbose: bool,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub struct ListArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub password: PasswordArgs,

    /// Say more
    #[arg(long)]
    pub verbose: bool,
}

impl EvalArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        self.database.add_to(sources)
    }
}

impl ListArgs {
    pub fn add_to(&self, sources: Sources) -> Sources {
        self.database.add_to(sources)
    }

    /// The same for the databases of a server, whose URL may name none.
    pub fn add_to_of_server(&self, sources: Sources) -> Sources {
        let mut database = self.database.clone();
        database.connect = database.connect.map(|url| with_a_database(&url));
        database.add_to(sources)
    }
}

/// `jdbc:mysql://host/` names no database; the one that every server has will do.
fn with_a_database(url: &str) -> String {
    let (address, properties) = match url.split_once('?') {
        Some((address, properties)) => (address, format!("?{properties}")),
        None => (url, String::new()),
    };
    let is_server = ["mysql://", "mariadb://"].iter().any(|scheme| {
        let rest = address.strip_prefix("jdbc:").unwrap_or(address);
        let server = rest
            .strip_prefix(scheme)
            .map(|rest| rest.trim_end_matches('/'));
        server.is_some_and(|server| !server.contains('/'))
    });
    if is_server {
        format!(
            "{}/information_schema{properties}",
            address.trim_end_matches('/')
        )
    } else {
        url.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_database_will_do() {
        for (url, expected) in [
            (
                "jdbc:mysql://h:3306/",
                "jdbc:mysql://h:3306/information_schema",
            ),
            (
                "mysql://h?useSSL=false",
                "mysql://h/information_schema?useSSL=false",
            ),
            ("mysql://h/erp", "mysql://h/erp"),
            ("sqlite:erp.db", "sqlite:erp.db"),
        ] {
            assert_eq!(with_a_database(url), expected);
        }
    }
}

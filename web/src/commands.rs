//! `comptoir-web user` and `comptoir-web token`.

use clap::{Args, Subcommand};
use comptoir_config::{Secret, Settings, clock};
use comptoir_web::{Accountant, Role, Scope, ServeRequest};
use jiff::SignedDuration;
use std::io::{self, BufRead, IsTerminal, Write};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Says who may log in, and as what
    User(UserArgs),
    /// Gives programs a way in
    Token(TokenArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir-web user add ada --role viewer          asks for the password
  comptoir-web user passwd ada <new-password.txt   reads it from standard input
  comptoir-web user remove ada
A running server knows it within about a second. A new password, and a removal, end all sessions of
the user. Who changed what is in the journal: /api/v1/journal")]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Adds a user
    Add {
        name: String,
        #[arg(long)]
        role: Role,
    },
    /// Lists all users
    Ls,
    /// Removes a user, and ends their sessions
    Remove { name: String },
    /// Changes a user's password, and ends their sessions
    Passwd { name: String },
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir-web token add prometheus --scope metrics --days 365 >prometheus.token
  curl -H \"Authorization: Bearer $(cat report.token)\" http://127.0.0.1:8080/api/v1/live/summary
The token is printed this once; the server keeps a hash of it")]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Adds a token and prints it
    Add {
        name: String,
        /// What it may do; several with commas between them
        #[arg(long, required = true, value_delimiter = ',')]
        scope: Vec<Scope>,
        /// How long it is good for
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
    },
    /// Lists all tokens
    Ls,
    /// Removes a token
    Remove { name: String },
}

pub(crate) async fn run(command: &Command, settings: &Settings) -> anyhow::Result<()> {
    let warehouse = ServeRequest::warehouse_of(settings)?;
    let user_id = rustix::process::getuid().as_raw();
    let accountant = Accountant::new(settings, warehouse, user_id, clock::now());
    match command {
        Command::User(args) => user(&args.command, &accountant)?,
        Command::Token(args) => token(&args.command, &accountant)?,
    }
    accountant.send_journal().await;
    Ok(())
}

fn user(command: &UserCommand, accountant: &Accountant) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match command {
        UserCommand::Add { name, role } => {
            accountant.add_user(name, *role, &new_password(name)?)?;
        }
        UserCommand::Passwd { name } => {
            accountant.change_password(name, &new_password(name)?)?;
        }
        UserCommand::Remove { name } => accountant.remove_user(name)?,
        UserCommand::Ls => {
            for user in accountant.users()? {
                let (name, role) = (user.name, user.role.as_str());
                let (added, since) = (user.added_at, user.password_since);
                writeln!(
                    out,
                    "{name}\t{role}\tadded {added:.0}\tpassword of {since:.0}"
                )?;
            }
        }
    }
    Ok(())
}

fn token(command: &TokenCommand, accountant: &Accountant) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match command {
        TokenCommand::Add { name, scope, days } => {
            let lifetime = SignedDuration::from_hours(24 * days);
            let secret = accountant.add_token(name, scope, lifetime)?;
            writeln!(out, "{}", secret.expose())?;
        }
        TokenCommand::Remove { name } => accountant.remove_token(name)?,
        TokenCommand::Ls => {
            for token in accountant.tokens()? {
                let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
                let ends = if token.has_expired {
                    "expired"
                } else {
                    "expires"
                };
                let (name, scopes, at) = (token.name, scopes.join(","), token.expires_at);
                writeln!(out, "{name}\t{scopes}\t{ends} {at:.0}")?;
            }
        }
    }
    Ok(())
}

/// From the terminal, twice and unseen; else the first line of standard input. Never an argument:
/// every user of the machine would see it.
fn new_password(name: &str) -> anyhow::Result<Secret> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("new password of {name}: "))?;
        let again = rpassword::prompt_password("once more: ")?;
        anyhow::ensure!(
            password == again,
            "the two are not the same; nothing was changed"
        );
        return Ok(Secret::new(password));
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

//! `comptoir doctor`: looks at each configured part and says what is wrong and what cures it.

mod checks;
mod report;

use crate::lake_tool;
use comptoir_config::{ConfigError, Settings};
use comptoir_lake::LakePath;
use report::Finding;

/// What is to be printed, and how it is altogether.
#[derive(Debug)]
pub struct Diagnosis {
    pub report: String,
    pub health: Health,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Fine,
    SomethingIsWrong,
}

/// Every check has a time limit, so this ends.
pub async fn examine(settings: Result<&Settings, &ConfigError>) -> Diagnosis {
    let findings = match settings {
        Ok(settings) => examine_parts(settings).await,
        Err(error) => vec![Finding::of("settings", Err(error))],
    };
    let health = if findings.iter().any(Finding::is_problem) {
        Health::SomethingIsWrong
    } else {
        Health::Fine
    };
    Diagnosis {
        report: report::render(&findings),
        health,
    }
}

async fn examine_parts(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![
        Finding::of(
            "settings",
            Ok::<_, String>("every value can be used".to_owned()),
        ),
        Finding::of("data", checks::data_dir(&settings.data_dir)),
        Finding::of("erp", checks::erp(settings).await),
    ];
    match lake_tool::open(&settings.lake) {
        Err(error) => findings.push(Finding::of("lake", Err(error))),
        Ok(lake) => {
            findings.push(Finding::of("lake", checks::lake(&lake).await));
            let import = match LakePath::parse(&settings.import.target_dir) {
                Ok(target) => checks::import(&lake, &target).await,
                Err(error) => Err(error.into()),
            };
            findings.push(Finding::of("import", import));
        }
    }
    let warehouse = checks::warehouse(settings).await;
    findings.push(Finding::of("warehouse", warehouse));
    let transport = checks::transport(settings).await;
    findings.push(Finding::of("transport", transport));
    findings.push(Finding::of("page", checks::page()));
    findings.push(Finding::of("port", checks::port(settings.web.listen).await));
    findings
}

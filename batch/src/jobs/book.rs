//! All jobs together: which there are, and in which order they run. Pure.

use super::error::{Fault, JobsError};
use super::file::Job;
use crate::order;
use comptoir_config::nearest;
use comptoir_model::ids::JobName;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Jobs of different names, each of whose dependencies is one of them, without circles.
#[derive(Debug)]
pub struct JobBook {
    /// For errors.
    file: PathBuf,
    jobs: Vec<Job>,
}

/// Which jobs are to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    /// With what they need.
    These(Vec<String>),
}

impl JobBook {
    pub fn new(file: &Path, jobs: Vec<Job>) -> Result<Self, JobsError> {
        let mut seen: BTreeMap<&JobName, &Job> = BTreeMap::new();
        for job in &jobs {
            if let Some(other) = seen.insert(&job.name, job) {
                let fault = Fault::Twice {
                    job: job.name.clone(),
                    other: other.origin.clone(),
                };
                return Err(fault.at(job.origin.clone()));
            }
        }
        for job in &jobs {
            let unknown = job.after.iter().find(|needed| !seen.contains_key(needed));
            if let Some(needed) = unknown {
                let fault = Fault::UnknownDependency {
                    job: job.name.clone(),
                    needed: needed.clone(),
                    nearest: nearest(needed.as_str(), seen.keys().map(ToString::to_string)),
                };
                return Err(fault.at(job.origin.clone()));
            }
        }
        let file = file.to_owned();
        let book = Self { file, jobs };
        book.in_order(&Wanted::All)?;
        Ok(book)
    }

    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    pub fn get(&self, name: &str) -> Result<&Job, JobsError> {
        let found = self.jobs.iter().find(|job| job.name.as_str() == name);
        found.ok_or_else(|| JobsError::UnknownJob {
            name: name.to_owned(),
            file: self.file.clone(),
            nearest: nearest(name, self.jobs.iter().map(|job| job.name.to_string())),
        })
    }

    /// The jobs in an order in which each comes after those it needs.
    pub fn in_order(&self, wanted: &Wanted) -> Result<Vec<&Job>, JobsError> {
        let wanted = match wanted {
            Wanted::All => self.jobs.iter().collect(),
            Wanted::These(names) => {
                let wanted = names.iter().map(|name| self.get(name));
                wanted.collect::<Result<Vec<_>, _>>()?
            }
        };
        let needs = |job: &Job| {
            let needs = (job.after.iter()).filter_map(|needed| self.get(needed.as_str()).ok());
            needs.collect()
        };
        let ordered = order::dependencies_first(wanted, |job| job.name.as_str(), needs);
        ordered.map_err(|circle| {
            let first = circle[0].origin.clone();
            let names = circle.iter().map(|job| job.name.to_string()).collect();
            Fault::Cycle(names).at(first)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn book(contents: &str) -> Result<JobBook, JobsError> {
        let path = Path::new("/etc/jobs.toml");
        JobBook::new(path, file::parse(path, contents).unwrap())
    }

    const SHOP: &str = "[jobs.sales]\nafter = [\"customers\", \"products\"]\n\
                        [jobs.customers]\nafter = [\"regions\"]\n[jobs.products]\n\
                        [jobs.regions]\n[jobs.audit]\n";

    fn order(wanted: &Wanted) -> Vec<String> {
        let book = book(SHOP).unwrap();
        let jobs = book.in_order(wanted).unwrap();
        jobs.iter().map(|job| job.name.to_string()).collect()
    }

    #[test]
    fn what_a_job_needs_comes_first_and_once() {
        assert_eq!(
            order(&Wanted::All),
            ["regions", "customers", "products", "sales", "audit"]
        );
        let these = |names: &[&str]| {
            order(&Wanted::These(
                names.iter().map(ToString::to_string).collect(),
            ))
        };
        assert_eq!(these(&["customers"]), ["regions", "customers"]);
        assert_eq!(
            these(&["products", "sales"]),
            ["products", "regions", "customers", "sales"]
        );
    }

    #[test]
    fn circles_and_names_that_are_not_there_are_refused() {
        let message = |contents| book(contents).unwrap_err().to_string();
        let circle =
            "[jobs.a]\nafter = [\"b\"]\n[jobs.b]\nafter = [\"c\"]\n[jobs.c]\nafter = [\"b\"]";
        let circle = message(circle);
        assert!(
            circle
                .starts_with("/etc/jobs.toml:3: these jobs wait for each other: b after c after b"),
            "{circle}"
        );
        assert!(message("[jobs.a]\nafter = [\"a\"]").contains("a after a"));
        let unknown = message("[jobs.customers]\n[jobs.sales]\nafter = [\"custmers\"]");
        assert!(unknown.starts_with("/etc/jobs.toml:2:"), "{unknown}");
        assert!(unknown.ends_with("did you mean `customers`?"), "{unknown}");
        let book = book(SHOP).unwrap();
        let error = book.get("slaes").unwrap_err().to_string();
        assert!(error.ends_with("did you mean `sales`?"), "{error}");
    }

    proptest! {
        /// Whatever the arrows between eight jobs: an order that fits them all, or a circle that is
        /// one.
        #[test]
        fn an_order_fits_and_a_circle_is_one(
            arrows in prop::collection::vec((0_usize..8, 0_usize..8), 0..14)
        ) {
            let mut text = String::new();
            for job in 0..8 {
                let needed: Vec<_> = (arrows.iter().filter(|arrow| arrow.0 == job))
                    .map(|arrow| format!("\"j{}\"", arrow.1))
                    .collect();
                writeln!(text, "[jobs.j{job}]\nafter = [{}]", needed.join(", ")).unwrap();
            }
            let is_arrow = |from: &str, to: &str| {
                arrows.iter().any(|arrow| from == format!("j{}", arrow.0) && to == format!("j{}", arrow.1))
            };
            match book(&text) {
                Ok(book) => {
                    let order = book.in_order(&Wanted::All).unwrap();
                    prop_assert_eq!(order.len(), 8);
                    for (at, job) in order.iter().enumerate() {
                        for needed in &job.after {
                            prop_assert!(order[..at].iter().any(|earlier| earlier.name == *needed));
                        }
                    }
                }
                Err(JobsError::Written { fault, .. }) => {
                    let Fault::Cycle(names) = *fault else {
                        return Err(TestCaseError::fail(fault.to_string()));
                    };
                    prop_assert_eq!(names.first(), names.last());
                    prop_assert!(names.windows(2).all(|pair| is_arrow(&pair[0], &pair[1])));
                }
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
    }
}

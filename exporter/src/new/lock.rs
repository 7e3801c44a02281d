//! Enters: the lock file that was made for a board, with other names in the place of the
//! project's. Leaves: the lock file of a project. Next: `mod` writes it.
//!
//! A project has one from the beginning, with the versions that the tests of set-lstm build and
//! run: the hardware crates are young, and a newer one that nobody has tried may well not build.

use super::runtime::Runtime;

/// What begins a package.
const PACKAGE: &str = "[[package]]\n";
/// The project in the lock files that are embedded; `scripts/locks.sh` makes them anew.
const PROJECT: &str = "\"project\"";
const RUNTIME: &str = "\"set-lstm-runtime\"";

/// The lock file of a project of a name. If its runtime comes from the registry, what is known of
/// that is left to cargo, which adds it.
pub(super) fn lock_file(template: &str, name: &str, runtime: &Runtime) -> String {
    let mut parts = template.split(PACKAGE);
    let head = parts.next().unwrap_or_default();
    let from_registry = matches!(runtime, Runtime::Version(_));
    let is_left_out =
        |package: &str| from_registry && package.starts_with(&format!("name = {RUNTIME}\n"));
    let mut packages: Vec<String> = parts
        .filter(|package| !is_left_out(package))
        .map(|package| package.trim_end().replace(PROJECT, &format!("{name:?}")))
        .collect();
    if from_registry {
        let line = format!(" {RUNTIME},\n");
        packages
            .iter_mut()
            .for_each(|it| *it = it.replace(&line, ""));
    }
    // the order that cargo writes: by name, then as it was
    packages.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    packages.iter().fold(head.to_owned(), |text, package| {
        let gap = if text.ends_with("\n\n") { "" } else { "\n" };
        text + gap + PACKAGE + package + "\n"
    })
}

/// Names of all packages of a lock file: a project of such a name could not be told from it.
pub(super) fn names(template: &str) -> impl Iterator<Item = &str> {
    let packages = template.split(PACKAGE).skip(1).map(name_of);
    packages.filter(|&name| name != PROJECT.trim_matches('"'))
}

fn name_of(package: &str) -> &str {
    let line = package.lines().next().unwrap_or_default();
    line.trim_start_matches("name = ").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "# by cargo\nversion = 4\n\n[[package]]\nname = \"crc\"\n\n\
        [[package]]\nname = \"project\"\ndependencies = [\n \"crc\",\n \"set-lstm-runtime\",\n]\n\n\
        [[package]]\nname = \"set-lstm-runtime\"\ndependencies = [\n \"crc\",\n]\n";

    #[test]
    fn the_project_takes_its_place_among_the_packages() {
        let path = Runtime::Path("/runtime".into());
        let lock = lock_file(TEMPLATE, "project", &path);
        assert_eq!(lock, TEMPLATE);
        let lock = lock_file(TEMPLATE, "blinky", &path);
        let expected = "# by cargo\nversion = 4\n\n[[package]]\nname = \"blinky\"\n\
            dependencies = [\n \"crc\",\n \"set-lstm-runtime\",\n]\n\n[[package]]\nname = \"crc\"\n\n";
        assert!(lock.starts_with(expected), "{lock}");
        assert!(lock.ends_with(" \"crc\",\n]\n"), "{lock}");
    }

    #[test]
    fn all_packages_but_the_project_have_a_name_that_is_taken() {
        let names: Vec<&str> = names(TEMPLATE).collect();
        assert_eq!(names, ["crc", "set-lstm-runtime"]);
    }

    #[test]
    fn of_a_runtime_from_the_registry_nothing_is_said() {
        let lock = lock_file(TEMPLATE, "z", &Runtime::Version("0.1".into()));
        assert!(!lock.contains("set-lstm-runtime"), "{lock}");
        assert!(
            lock.ends_with("name = \"z\"\ndependencies = [\n \"crc\",\n]\n"),
            "{lock}"
        );
    }
}

//! Which mongod to run: the one named, else the one on PATH, else the one in the cache, else one that is
//! installed there now. Each is asked for its version before it is trusted.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::lifeline::{Failure, Lifeline, Stopped, tell_progress};
use super::{Orders, WAYS_OUT, install};

const VERSION_MAX: Duration = Duration::from_secs(20);
const MAJOR_MIN: u32 = 6;
const SIGILL: i32 = 4;

/// The package of Debian and Ubuntu that brings a shared library which mongod needs.
const LIBRARY_PACKAGES: &[(&str, &str)] = &[
    ("libcurl.so.4", "libcurl4"),
    ("libssl.so.3", "libssl3"),
    ("libcrypto.so.3", "libssl3"),
    ("libssl.so.1.1", "libssl1.1"),
    ("libcrypto.so.1.1", "libssl1.1"),
    ("liblzma.so.5", "liblzma5"),
    ("libresolv.so.2", "libc6"),
    ("libm.so.6", "libc6"),
    ("libgcc_s.so.1", "libgcc-s1"),
];

/// A program that answers to `--version` with one that we can work with.
pub(super) async fn find_or_install(orders: &Orders, lifeline: &mut Lifeline) -> Result<PathBuf, Stopped> {
    if let Some(named) = &orders.mongod {
        check(named).await.map_err(|failure| Failure(format!("PESAN_MONGOD: {failure}")))?;
        return Ok(named.clone());
    }
    let on_path = orders.path.iter().map(|folder| folder.join("mongod")).find(|program| program.is_file());
    if let Some(program) = on_path {
        match check(&program).await {
            Ok(()) => return Ok(program),
            Err(failure) => {
                tell_progress(format!("the mongod on PATH is passed over: {failure}"));
            }
        }
    }
    let cached = install::place(&orders.cache);
    if !cached.is_file() {
        install::install(&orders.cache, lifeline).await?;
    }
    check(&cached).await?;
    Ok(cached)
}

async fn check(program: &Path) -> Result<(), Failure> {
    let asked = Command::new(program).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match tokio::time::timeout(VERSION_MAX, asked).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(Failure(format!("{} cannot be run: {error}", program.display()))),
        Err(_) => return Err(Failure(format!("{} does not answer to --version", program.display()))),
    };
    judge(&output).map_err(|why| Failure(format!("{} {why}", program.display())))
}

/// What its answer says about it: nothing, if it will do.
fn judge(output: &Output) -> Result<(), String> {
    if output.status.signal() == Some(SIGILL) {
        return Err(format!("does not run on this processor: MongoDB 5.0 and newer need AVX. {WAYS_OUT}"));
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    if let Some(library) = missing_library(&complaint) {
        let package = LIBRARY_PACKAGES.iter().find(|(name, _)| *name == library).map(|(_, package)| *package);
        let mend = match package {
            Some(package) => format!("it is in the package {package} (`apt-get install {package}`)"),
            None => "install the package that brings it".to_owned(),
        };
        return Err(format!("needs the shared library {library}, which is missing: {mend}. {WAYS_OUT}"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split("db version v").nth(1).and_then(|rest| rest.split_whitespace().next());
    let Some(version) = version else {
        return Err(format!("does not look like a mongod: `--version` ended with {}", output.status));
    };
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(0);
    if major < MAJOR_MIN { Err(format!("is version {version}, and 6.0 or newer is needed")) } else { Ok(()) }
}

/// The loader's complaint: `error while loading shared libraries: libx.so.1: cannot open …`.
fn missing_library(complaint: &str) -> Option<&str> {
    complaint.split("error while loading shared libraries: ").nth(1)?.split(':').next()
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn the_answer_to_version_is_judged() {
        let check = |status: i32, stdout: &str, stderr: &str, expected: Option<&str>| {
            let output = Output {
                status: ExitStatus::from_raw(status),
                stdout: stdout.as_bytes().to_vec(),
                stderr: stderr.as_bytes().to_vec(),
            };
            match (judge(&output), expected) {
                (Ok(()), None) => {}
                (Err(why), Some(expected)) => assert!(why.contains(expected), "{why}"),
                (verdict, expected) => panic!("{verdict:?} instead of {expected:?}"),
            }
        };
        check(0, "db version v6.0.5\nBuild Info: {", "", None);
        check(0, "db version v8.0.1", "", None);
        check(0, "db version v5.0.9", "", Some("is version 5.0.9"));
        check(0, "hello", "", Some("does not look like a mongod"));
        let loader =
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file";
        check(127 << 8, "", loader, Some("apt-get install libcurl4"));
        check(
            127 << 8,
            "",
            &loader.replace("libcurl.so.4", "libodd.so.9"),
            Some("libodd.so.9, which is missing"),
        );
        check(SIGILL, "", "", Some("AVX"));
    }
}

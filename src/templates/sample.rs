//! Samples: files that show Meta's reviewers what the header of a template may hold. Nothing of them is kept here.

use bytes::Bytes;

use super::{Error, Place, Templates, Tried};
use crate::auth::{Deed, Visitor};
use crate::meta::client::Pieces;

const MB: u64 = 1024 * 1024;
/// Meta (2026-07): what a sample can be, and how large media of its kind may be in a message.
const KINDS: [(&str, u64); 4] =
    [("image/jpeg", 5 * MB), ("image/png", 5 * MB), ("video/mp4", 16 * MB), ("application/pdf", 100 * MB)];
/// Of one that comes within a request of GraphQL.
pub const SAMPLE_BYTES_MAX: usize = 700 * 1024;
const FILE_NAME_CHARS_MAX: usize = 240;

/// A sample that is to be uploaded.
#[derive(Clone, Debug)]
pub struct Sample {
    pub file_name: String,
    pub mime_type: String,
    pub file: SampleFile,
}

/// Its bytes.
#[derive(Clone, Debug)]
pub enum SampleFile {
    Whole(Bytes),
    /// Passed on while they come.
    Piecewise(Pieces),
}

/// How large a sample of this type may be; none: there are no samples of it.
pub fn sample_bytes_max(mime_type: &str) -> Option<u64> {
    KINDS.iter().find(|(kind, _)| *kind == mime_type).map(|(_, bytes_max)| *bytes_max)
}

impl Templates {
    /// Uploads a sample; gives the handle by which a header names it.
    pub async fn upload_sample(&self, by: &Visitor, place: &Place, sample: Sample) -> Result<String, Error> {
        check(&sample)?;
        let account = self.account(by, place).await?;
        let access = self.access(&account).await?;
        let app_id = access.app_id.clone().ok_or(Error::NoApp)?;
        let uploads = self.0.graph.uploads(access.credentials(), &app_id);
        let Sample { file_name, mime_type, file } = sample;
        let uploaded = match file {
            SampleFile::Whole(bytes) => uploads.whole(&file_name, &mime_type, bytes).await,
            SampleFile::Piecewise(pieces) => uploads.piecewise(&file_name, &mime_type, pieces).await,
        };
        match uploaded {
            Ok(handle) => {
                let changes = [("sample", None, Some(file_name.as_str()))];
                self.note(by, Deed::ChangeTemplates, &account.id, &changes).await?;
                Ok(handle)
            }
            Err(error) => Err(self.failed(&access, Tried::Changing, error).await),
        }
    }
}

fn check(sample: &Sample) -> Result<(), Error> {
    let invalid = |field, sentence: String, next_step| Err(Error::Invalid { field, sentence, next_step });
    let Some(type_max) = sample_bytes_max(&sample.mime_type) else {
        let sentence = "A sample is image/jpeg, image/png, video/mp4 or application/pdf.";
        return invalid("mimeType", sentence.to_owned(), "Convert the file.");
    };
    let is_name = (1..=FILE_NAME_CHARS_MAX).contains(&sample.file_name.chars().count())
        && !sample.file_name.contains(char::is_control);
    if !is_name {
        let sentence = "A file name has from 1 to 240 characters, on one line.";
        return invalid("fileName", sentence.to_owned(), "Give it a short name.");
    }
    let (length, bytes_max, unit) = match &sample.file {
        SampleFile::Whole(bytes) => (bytes.len() as u64, SAMPLE_BYTES_MAX as u64, "700 KB".to_owned()),
        SampleFile::Piecewise(pieces) => (pieces.length(), type_max, format!("{} MB", type_max / MB)),
    };
    if length == 0 || length > bytes_max {
        let sentence = format!("A sample has from 1 byte to {unit}.");
        return invalid("data", sentence, "Make the file smaller, or send it to /api/templates/samples.");
    }
    Ok(())
}

//! Where the values come from: the process environment first, then an env file, then defaults that the caller
//! lays under both. The one place that reads the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// An env file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It was asked for and cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// It has a line that is no `NAME=value`. The line itself may hold a secret and is not shown.
    #[error("{path}: line {line} is not of the form NAME=value")]
    Malformed { path: PathBuf, line: usize },
}

/// Names and values, the first layer that has a name deciding.
#[derive(Clone, Default)]
pub struct Source {
    layers: Vec<BTreeMap<String, String>>,
}

impl Source {
    /// The environment of this process.
    pub fn environment() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the home of the environment")]
        let given = std::env::vars_os();
        Self::of(
            given.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Just these values.
    pub fn of(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { layers: vec![values.into_iter().collect()] }
    }

    /// Lays values under those that are already there.
    #[must_use]
    pub fn over(mut self, values: impl IntoIterator<Item = (String, String)>) -> Self {
        self.layers.push(values.into_iter().collect());
        self
    }

    /// Lays the file's values under those that are already there.
    pub fn over_file(self, path: &Path) -> Result<Self, SourceError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SourceError::Unreadable { path: path.to_owned(), source })?;
        Ok(self.over(parse(path, &text)?))
    }

    /// As `over_file`, if the file is there.
    pub fn over_file_if_present(self, path: &Path) -> Result<Self, SourceError> {
        if path.exists() { self.over_file(path) } else { Ok(self) }
    }

    /// The value of `name`; an empty one is none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.layers
            .iter()
            .find_map(|layer| layer.get(name))
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// All names, sorted, each once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names: std::collections::BTreeSet<&str> =
            self.layers.iter().flat_map(|layer| layer.keys()).map(String::as_str).collect();
        names.into_iter()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("names", &self.names().count()).finish_non_exhaustive()
    }
}

fn parse(path: &Path, text: &str) -> Result<Vec<(String, String)>, SourceError> {
    // Line by line, so that a mistake has a line number and the error never holds the line's text.
    let mut values = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for pair in dotenvy::from_read_iter(line.as_bytes()) {
            values.push(pair.map_err(|_| SourceError::Malformed { path: path.to_owned(), line: index + 1 })?);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_upper_layer_decides() {
        let source = Source::of(pairs(&[("A", "1")])).over(pairs(&[("A", "2"), ("B", "3")]));
        assert_eq!((source.get("A"), source.get("B"), source.get("C")), (Some("1"), Some("3"), None));
        assert_eq!(source.names().collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn an_env_file_is_read_with_comments_and_quotes_and_a_wrong_line_is_named() {
        let path = Path::new(".env.local");
        let read = parse(path, "# a comment\nA=1\n\nexport B=\"two words\"\n").unwrap();
        assert_eq!(read, pairs(&[("A", "1"), ("B", "two words")]));
        let error = parse(path, "A=1\nSECRET TOKEN\n").unwrap_err();
        assert_eq!(error.to_string(), ".env.local: line 2 is not of the form NAME=value");
    }
}

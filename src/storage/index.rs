//! Collections and their indexes, as data: each collection's file declares its own beside the queries that need
//! them, and this module brings the database to that state or says how it differs.

use futures_util::TryStreamExt;
use mongodb::IndexModel;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::IndexOptions;

use super::{COLLECTIONS, Error, Storage};

/// A collection that we own.
#[derive(Debug)]
pub struct Collection {
    pub name: &'static str,
    /// What is in it, for the operator.
    pub holds: &'static str,
    /// The field with the time at which a document was written, if it has one.
    pub written_at: Option<&'static str>,
    /// The field with the time from which a document may go, if it has one. It needs a TTL index.
    pub expires_at: Option<&'static str>,
    /// Options for its creation.
    pub options: fn() -> Document,
    pub indexes: &'static [Index],
}

/// An index and the query that needs it.
#[derive(Debug)]
pub struct Index {
    pub name: &'static str,
    /// Field and direction, in order.
    pub keys: &'static [(&'static str, i32)],
    pub unique: bool,
    /// Removes documents when the indexed time has come.
    pub expires: bool,
    /// The documents that it covers; `None`: all of them.
    pub only: Option<fn() -> Document>,
    /// The query that needs it.
    pub serves: &'static str,
}

/// How the database differs from what this program needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    MissingCollection { collection: &'static str },
    MissingIndex { collection: &'static str, index: &'static str },
    DifferentIndex { collection: &'static str, index: &'static str },
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MissingCollection { collection } => write!(f, "collection {collection} is missing"),
            Self::MissingIndex { collection, index } => write!(f, "index {collection}.{index} is missing"),
            Self::DifferentIndex { collection, index } => {
                write!(f, "index {collection}.{index} is not as declared")
            }
        }
    }
}

impl Index {
    fn keys(&self) -> Document {
        self.keys.iter().map(|(field, direction)| ((*field).to_owned(), Bson::Int32(*direction))).collect()
    }

    fn model(&self) -> IndexModel {
        let options = IndexOptions::builder()
            .name(self.name.to_owned())
            .unique(self.unique.then_some(true))
            .expire_after(self.expires.then_some(std::time::Duration::ZERO))
            .partial_filter_expression(self.only.map(|only| only()))
            .build();
        IndexModel::builder().keys(self.keys()).options(options).build()
    }

    fn matches(&self, found: &IndexModel) -> bool {
        let options = found.options.as_ref();
        same_keys(&found.keys, self.keys)
            && options.and_then(|options| options.unique).unwrap_or(false) == self.unique
            && options.is_some_and(|options| options.expire_after.is_some()) == self.expires
            && options.and_then(|options| options.partial_filter_expression.clone())
                == self.only.map(|only| only())
    }
}

/// Directions come back as whatever number type they were written with.
fn same_keys(found: &Document, declared: &[(&str, i32)]) -> bool {
    found.len() == declared.len()
        && found.iter().zip(declared).all(|((field, direction), (name, expected))| {
            let direction = match direction {
                Bson::Int32(direction) => Some(f64::from(*direction)),
                Bson::Double(direction) => Some(*direction),
                #[expect(clippy::cast_precision_loss, reason = "a direction is 1 or -1")]
                Bson::Int64(direction) => Some(*direction as f64),
                _ => None,
            };
            field == name && direction == Some(f64::from(*expected))
        })
}

impl Storage {
    /// What is missing or different. Indexes that nobody declared are no gap; `undeclared_indexes` finds them.
    pub async fn gaps(&self) -> Result<Vec<Gap>, Error> {
        let present = self.database.list_collection_names().await?;
        let mut gaps = Vec::new();
        for collection in COLLECTIONS {
            if !present.iter().any(|name| name == collection.name) {
                gaps.push(Gap::MissingCollection { collection: collection.name });
                continue;
            }
            let found = self.indexes_of(collection.name).await?;
            for index in collection.indexes {
                match found.iter().find(|model| name_of(model) == Some(index.name)) {
                    None => gaps.push(Gap::MissingIndex { collection: collection.name, index: index.name }),
                    Some(model) if index.matches(model) => {}
                    Some(_) => {
                        gaps.push(Gap::DifferentIndex { collection: collection.name, index: index.name });
                    }
                }
            }
        }
        Ok(gaps)
    }

    /// Creates what is missing and replaces what is different. Idempotent; two at once do no harm.
    pub async fn ensure_collections(&self) -> Result<Vec<Gap>, Error> {
        let gaps = self.gaps().await?;
        for collection in COLLECTIONS {
            if gaps.contains(&Gap::MissingCollection { collection: collection.name }) {
                let mut create = doc! { "create": collection.name };
                create.extend((collection.options)());
                match self.run(create).await {
                    Err(error) if !error.is_namespace_exists() => return Err(error),
                    _ => {}
                }
            }
        }
        // A collection that was missing has now gaps of its own.
        for gap in self.gaps().await? {
            let (collection, index) = match gap {
                Gap::MissingCollection { .. } => continue,
                Gap::MissingIndex { collection, index } => (collection, index),
                Gap::DifferentIndex { collection, index } => {
                    self.drop_index(collection, index).await?;
                    (collection, index)
                }
            };
            let declared = COLLECTIONS
                .iter()
                .filter(|declared| declared.name == collection)
                .flat_map(|declared| declared.indexes)
                .find(|declared| declared.name == index);
            if let Some(declared) = declared {
                self.database.collection::<Document>(collection).create_index(declared.model()).await?;
            }
        }
        Ok(gaps)
    }

    /// Indexes on our collections that no query of ours needs.
    pub async fn undeclared_indexes(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let mut undeclared = Vec::new();
        for collection in COLLECTIONS {
            for model in self.indexes_of(collection.name).await? {
                let Some(name) = name_of(&model) else { continue };
                if name != "_id_" && !collection.indexes.iter().any(|index| index.name == name) {
                    undeclared.push((collection.name, name.to_owned()));
                }
            }
        }
        Ok(undeclared)
    }

    pub(super) async fn drop_index(&self, collection: &str, index: &str) -> Result<(), Error> {
        Ok(self.database.collection::<Document>(collection).drop_index(index).await?)
    }

    async fn indexes_of(&self, collection: &str) -> Result<Vec<IndexModel>, Error> {
        // A collection that is not there has no indexes; the server calls that an error.
        match self.database.collection::<Document>(collection).list_indexes().await {
            Ok(cursor) => Ok(cursor.try_collect().await?),
            Err(error) => match Error::from(error) {
                Error::Refused { code: NAMESPACE_NOT_FOUND, .. } => Ok(Vec::new()),
                error => Err(error),
            },
        }
    }
}

pub(super) const NAMESPACE_NOT_FOUND: i32 = 26;

fn name_of(model: &IndexModel) -> Option<&str> {
    model.options.as_ref()?.name.as_deref()
}

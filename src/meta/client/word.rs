//! Meta's words: those that we know have a name here, the others stay as they are.

/// An enum of words. `Other` keeps what is not listed, so nothing is lost when Meta adds one.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$note])* $variant,)+
            /// A word that we do not know yet.
            Other(String),
        }

        impl $name {
            /// As Meta writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }
    };
}

pub(super) use words;

//! What can be done about an error: the kind of remedy, who must act, and how long to wait.

use crate::domain::language::Language;
use crate::domain::language::Words;

/// What kind of remedy an error has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It passes: the same request may succeed soon.
    Retry,
    /// The same request may succeed, but not before the wait is over.
    Wait,
    /// The access token or its permissions must be put right first.
    FixToken,
    /// The request or its content is wrong or not needed; unchanged it fails again.
    ChangeRequest,
    /// This message, or this customer, will not work.
    Never,
    /// A person must see to the account, the number, the bill or a rule that was broken.
    ActOnAccount,
}

impl Class {
    pub(super) const ALL: [Self; 6] =
        [Self::Retry, Self::Wait, Self::FixToken, Self::ChangeRequest, Self::Never, Self::ActOnAccount];

    /// Its name in documents.
    pub fn name(self) -> Words {
        match self {
            Self::Retry => Words { en: "retry", id: "coba lagi" },
            Self::Wait => Words { en: "wait", id: "tunggu" },
            Self::FixToken => Words { en: "fix the token", id: "perbaiki token" },
            Self::ChangeRequest => Words { en: "change the request", id: "ubah permintaan" },
            Self::Never => Words { en: "never", id: "jangan diulang" },
            Self::ActOnAccount => Words { en: "act on the account", id: "urus akun" },
        }
    }

    /// What it asks for.
    pub fn remedy(self) -> Words {
        match self {
            Self::Retry => Words {
                en: "It passes by itself; the same request may succeed soon.",
                id: "Berlalu dengan sendirinya; permintaan yang sama mungkin segera berhasil.",
            },
            Self::Wait => Words {
                en: "The same request may succeed, but only after a longer wait.",
                id: "Permintaan yang sama mungkin berhasil, tetapi setelah menunggu lebih lama.",
            },
            Self::FixToken => Words {
                en: "The access token or its permissions must be put right first.",
                id: "Token akses atau izinnya harus diperbaiki dulu.",
            },
            Self::ChangeRequest => Words {
                en: "The request or its content is wrong or not needed; unchanged it fails again.",
                id: "Permintaan atau isinya salah atau tidak diperlukan; tanpa perubahan akan gagal lagi.",
            },
            Self::Never => Words {
                en: "This message, or this customer, will not work.",
                id: "Pesan ini, atau pelanggan ini, tidak akan berhasil.",
            },
            Self::ActOnAccount => Words {
                en: "A person must see to the account, the number, the bill or a rule that was broken.",
                id: "Seseorang harus mengurus akun, nomor, tagihan, atau aturan yang dilanggar.",
            },
        }
    }

    /// Who must act, if an entry does not say otherwise.
    pub(super) const fn actor(self) -> Actor {
        match self {
            Self::Retry | Self::Wait => Actor::Nobody,
            Self::FixToken => Actor::Admin,
            Self::ChangeRequest => Actor::Author,
            Self::Never => Actor::Customer,
            Self::ActOnAccount => Actor::Business,
        }
    }
}

/// Who must act so that it works, or so that it does not happen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// It passes, or nothing can be done.
    Nobody,
    /// Who wrote it: the message, the template, the form, the group.
    Author,
    /// Who maintains the CRM that makes the requests.
    Developer,
    /// Who looks after the number: its token, registration, PIN and settings.
    Admin,
    /// The business, in Meta's tools: payment, verification, terms, reviews.
    Business,
    /// The customer.
    Customer,
    /// Only Meta can change it.
    Meta,
}

impl Actor {
    pub(super) const ALL: [Self; 7] = [
        Self::Nobody,
        Self::Author,
        Self::Developer,
        Self::Admin,
        Self::Business,
        Self::Customer,
        Self::Meta,
    ];

    /// Its name in documents.
    pub fn name(self) -> Words {
        match self {
            Self::Nobody => Words { en: "nobody", id: "tidak ada" },
            Self::Author => Words { en: "author", id: "penulis" },
            Self::Developer => Words { en: "developer", id: "pengembang" },
            Self::Admin => Words { en: "admin", id: "admin" },
            Self::Business => Words { en: "business", id: "bisnis" },
            Self::Customer => Words { en: "customer", id: "pelanggan" },
            Self::Meta => Words { en: "Meta", id: "Meta" },
        }
    }

    /// Who that is.
    pub fn role(self) -> Words {
        match self {
            Self::Nobody => Words {
                en: "It passes, or nothing can be done.",
                id: "Berlalu sendiri, atau tidak ada yang bisa dilakukan.",
            },
            Self::Author => Words {
                en: "Who wrote it: the message, the template, the form, the group.",
                id: "Yang menulisnya: pesan, templat, formulir, atau grup.",
            },
            Self::Developer => Words {
                en: "Who maintains the CRM that makes the requests.",
                id: "Yang memelihara CRM yang membuat permintaan.",
            },
            Self::Admin => Words {
                en: "Who looks after the number: its token, registration, PIN and settings.",
                id: "Yang mengurus nomor: token, pendaftaran, PIN, dan pengaturannya.",
            },
            Self::Business => Words {
                en: "The business, in Meta's tools: payment, verification, terms, reviews.",
                id: "Pihak bisnis, lewat alat dari Meta: pembayaran, verifikasi, ketentuan, peninjauan.",
            },
            Self::Customer => Words { en: "The customer.", id: "Pelanggan." },
            Self::Meta => Words { en: "Only Meta can change it.", id: "Hanya Meta yang dapat mengubahnya." },
        }
    }
}

/// How long to wait before the same request is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pause {
    /// Longer each time: 1, 2, 4, … seconds with some chance in it, up to a few minutes.
    Growing,
    /// 1, 4, 16, 64, … seconds, for this number and this customer only (Meta's own rule).
    PowersOfFour,
    /// At least so many seconds.
    AtLeastS(u32),
    /// As long as Meta says in the error's details or the answer's headers.
    Told,
}

impl Pause {
    /// In words, for the documentation.
    pub(super) fn words(self, language: Language) -> String {
        let in_words = |en, id| Words { en, id }.in_language(language);
        match self {
            Self::Growing => in_words("growing", "makin lama").to_owned(),
            Self::PowersOfFour => in_words("1, 4, 16, … s", "1, 4, 16, … detik").to_owned(),
            Self::Told => in_words("as Meta tells", "sesuai info Meta").to_owned(),
            Self::AtLeastS(seconds) => {
                let (amount, unit) = match seconds {
                    0..60 => (seconds, in_words("s or more", "detik atau lebih")),
                    60..3600 => (seconds / 60, in_words("min or more", "menit atau lebih")),
                    _ => (seconds / 3600, in_words("h or more", "jam atau lebih")),
                };
                format!("{amount} {unit}")
            }
        }
    }
}

pub(super) const MINUTE_S: u32 = 60;
pub(super) const HOUR_S: u32 = 60 * MINUTE_S;

//! Codes about Flows: forms that a customer fills in inside WhatsApp.

use super::Class::{ActOnAccount, ChangeRequest, Wait};
use super::{Actor, Entry, HOUR_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(132_068, ActOnAccount)
        .en(
            "Meta has blocked the Flow in this message.",
            "Repair the Flow or its server in WhatsApp Manager, or send a message without it.",
        )
        .id(
            "Meta memblokir Flow dalam pesan ini.",
            "Perbaiki Flow atau servernya di WhatsApp Manager, atau kirim pesan tanpa Flow.",
        )
        .by(Actor::Author),
    one(132_069, Wait)
        .en(
            "Meta slows this Flow down to ten messages an hour, and they are used up.",
            "Wait up to an hour, and repair the Flow or its server, which fails too often.",
        )
        .id(
            "Meta membatasi Flow ini menjadi sepuluh pesan per jam, dan jatahnya sudah habis.",
            "Tunggu hingga satu jam, dan perbaiki Flow atau servernya yang terlalu sering gagal.",
        )
        .by(Actor::Author)
        .with(Pause::AtLeastS(HOUR_S)),
    one(139_000, ActOnAccount)
        .en(
            "Meta does not let this account make or publish Flows because of doubts about the account.",
            "Look in Meta's business settings for the reason, and ask for a review.",
        )
        .id(
            "Meta tidak mengizinkan akun ini membuat atau menerbitkan Flow karena meragukan akun ini.",
            "Lihat alasannya di pengaturan bisnis Meta, lalu minta peninjauan.",
        ),
    one(139_001, ChangeRequest)
        .en(
            "The Flow could not be changed: it is published already, or its definition has a mistake.",
            "Change a draft or a copy, and correct the mistakes that Meta lists.",
        )
        .id(
            "Flow tidak dapat diubah: sudah diterbitkan, atau definisinya salah.",
            "Ubah draf atau salinannya, dan perbaiki kesalahan yang disebutkan Meta.",
        ),
    one(139_002, ChangeRequest)
        .en(
            "The Flow could not be published.",
            "Correct the mistakes that Meta lists, and check the Flow's server address and key.",
        )
        .id(
            "Flow tidak dapat diterbitkan.",
            "Perbaiki kesalahan yang disebutkan Meta, dan periksa alamat server serta kunci Flow.",
        ),
    one(139_003, ChangeRequest)
        .en(
            "The Flow could not be retired: only a published one can be, and only once.",
            "Check the Flow's state first.",
        )
        .id(
            "Flow tidak dapat dihentikan: hanya Flow yang sudah diterbitkan yang bisa, dan hanya sekali.",
            "Periksa dulu status Flow.",
        ),
    one(139_004, ChangeRequest)
        .en(
            "The Flow could not be deleted: only a draft can be.",
            "Retire a published Flow instead of deleting it.",
        )
        .id(
            "Flow tidak dapat dihapus: hanya draf yang bisa dihapus.",
            "Hentikan Flow yang sudah diterbitkan, jangan dihapus.",
        ),
    one(139_006, ChangeRequest)
        .en(
            "The Flow was not used enough for Meta to give figures about it.",
            "Ask again when more customers have used it, or for a longer time.",
        )
        .id(
            "Flow belum cukup sering dipakai sehingga Meta belum dapat memberikan statistiknya.",
            "Tanyakan lagi setelah lebih banyak pelanggan memakainya, atau untuk jangka waktu yang lebih panjang.",
        )
        .by(Actor::Nobody),
];

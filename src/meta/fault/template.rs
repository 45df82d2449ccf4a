//! Codes about templates: sending them, making them, and their figures.

use super::Class::{ActOnAccount, ChangeRequest, Never, Wait};
use super::{Actor, Entry, HOUR_S, Pause, one};

pub(super) const ENTRIES: &[Entry] = &[
    one(132_000, ChangeRequest)
        .en(
            "The number of values given is not the number that the template has places for.",
            "Give exactly one value for each place in the template.",
        )
        .id(
            "Jumlah nilai yang diberikan tidak sama dengan jumlah isian di templat.",
            "Berikan tepat satu nilai untuk setiap isian di templat.",
        )
        .by(Actor::Developer),
    one(132_001, ChangeRequest)
        .en(
            "There is no approved template of this name in this language.",
            "Check name and language, and whether Meta has approved the template.",
        )
        .id(
            "Tidak ada templat dengan nama dan bahasa ini yang sudah disetujui.",
            "Periksa nama dan bahasanya, dan apakah Meta sudah menyetujui templat tersebut.",
        ),
    one(132_005, ChangeRequest)
        .en("With its values filled in, the template's text is too long.", "Use shorter values.")
        .id(
            "Setelah nilai-nilainya diisikan, teks templat menjadi terlalu panjang.",
            "Gunakan nilai yang lebih pendek.",
        ),
    one(132_007, ChangeRequest)
        .en(
            "The template's content breaks one of WhatsApp's rules.",
            "Read Meta's details for the rule, and change the template or its values.",
        )
        .id(
            "Isi templat melanggar salah satu aturan WhatsApp.",
            "Lihat rincian dari Meta untuk mengetahui aturannya, lalu ubah templat atau nilainya.",
        ),
    one(132_008, ChangeRequest)
        .en(
            "A value for the template is not of the form that it needs.",
            "Read Meta's details for the faulty value, and correct it.",
        )
        .id(
            "Ada nilai untuk templat yang bentuknya tidak sesuai.",
            "Lihat rincian dari Meta untuk mengetahui nilai yang salah, lalu perbaiki.",
        )
        .by(Actor::Developer),
    one(132_012, ChangeRequest)
        .en(
            "A value for the template is of another kind than the template asks for.",
            "Give each place what it was made for, such as a text, an amount, a date or a picture.",
        )
        .id(
            "Ada nilai yang jenisnya berbeda dari yang diminta templat.",
            "Isi setiap bagian sesuai jenisnya, seperti teks, jumlah uang, tanggal, atau gambar.",
        )
        .by(Actor::Developer),
    one(132_015, Wait)
        .en(
            "Meta has paused the template because customers received it badly.",
            "Use another template or improve this one; a first pause lasts 3 hours and a second one 6.",
        )
        .id(
            "Meta menjeda templat karena mendapat tanggapan buruk dari pelanggan.",
            "Pakai templat lain atau perbaiki templat ini; jeda pertama 3 jam dan jeda kedua 6 jam.",
        )
        .by(Actor::Author)
        .with(Pause::AtLeastS(3 * HOUR_S)),
    one(132_016, Never)
        .en(
            "Meta has switched the template off for good, because customers kept receiving it badly.",
            "Make a new template with other content.",
        )
        .id(
            "Meta menonaktifkan templat secara permanen karena terus mendapat tanggapan buruk dari pelanggan.",
            "Buat templat baru dengan isi yang berbeda.",
        )
        .by(Actor::Author),
    one(132_018, ChangeRequest)
        .en(
            "Something is wrong with the values for the template.",
            "Compare the values with the template's places, and read Meta's details.",
        )
        .id(
            "Ada yang salah dengan nilai-nilai untuk templat.",
            "Cocokkan nilai dengan isian templat, dan lihat rincian dari Meta.",
        )
        .by(Actor::Developer),
    // Comes in a number's or template's health report.
    one(141_002, ActOnAccount)
        .en(
            "The template is not approved, so it cannot be sent.",
            "Wait for Meta's review, or correct the template if it was rejected.",
        )
        .id(
            "Templat belum disetujui, sehingga tidak dapat dikirim.",
            "Tunggu peninjauan Meta, atau perbaiki templat jika ditolak.",
        )
        .by(Actor::Author),
    one(200_005, ActOnAccount)
        .en(
            "There are no figures for templates of this account.",
            "Check in WhatsApp Manager whether the account can have template figures.",
        )
        .id(
            "Tidak ada statistik templat untuk akun ini.",
            "Periksa di WhatsApp Manager apakah akun ini dapat memiliki statistik templat.",
        )
        .by(Actor::Meta),
    one(200_006, ActOnAccount)
        .en(
            "Template figures cannot be switched off once they are on.",
            "Nothing needs to be done: they stay on.",
        )
        .id(
            "Statistik templat tidak dapat dinonaktifkan setelah diaktifkan.",
            "Tidak ada yang perlu dilakukan: statistik tetap aktif.",
        )
        .by(Actor::Nobody),
    one(200_007, ActOnAccount)
        .en(
            "Template figures are not switched on for this account.",
            "Switch them on once for the account; this cannot be undone.",
        )
        .id(
            "Statistik templat belum diaktifkan untuk akun ini.",
            "Aktifkan sekali untuk akun ini; tindakan ini tidak dapat dibatalkan.",
        )
        .by(Actor::Admin),
    one(2_388_019, ChangeRequest)
        .en(
            "The account has as many templates as it may have.",
            "Delete templates that are no longer used, or have the business verified for a higher limit.",
        )
        .id(
            "Jumlah templat di akun ini sudah mencapai batas.",
            "Hapus templat yang tidak dipakai lagi, atau lakukan verifikasi bisnis untuk mendapat batas yang lebih tinggi.",
        ),
    one(2_388_023, ChangeRequest)
        .en(
            "A template of this name and language is being deleted, and its name is not free yet.",
            "Use another name; that of a deleted approved template is blocked for 30 days.",
        )
        .id(
            "Templat dengan nama dan bahasa ini sedang dihapus, dan namanya belum dapat dipakai lagi.",
            "Gunakan nama lain; nama templat disetujui yang dihapus tertahan selama 30 hari.",
        ),
    one(2_388_024, ChangeRequest)
        .en(
            "There is already a template of this name in this language.",
            "Use another name, or edit the template that is there.",
        )
        .id(
            "Sudah ada templat dengan nama dan bahasa ini.",
            "Gunakan nama lain, atau edit templat yang sudah ada.",
        ),
    one(2_388_040, ChangeRequest)
        .en(
            "A part of the template is longer than is allowed.",
            "Shorten the part that Meta names: a header holds 60 characters, the text 1,024, a footer 60.",
        )
        .id(
            "Ada bagian templat yang lebih panjang dari yang diizinkan.",
            "Persingkat bagian yang disebut Meta: header paling banyak 60 karakter, isi 1.024, footer 60.",
        ),
    one(2_388_047, ChangeRequest)
        .en(
            "The template's header is not well formed.",
            "Correct the header: plain text, at most one variable, and an example for it.",
        )
        .id(
            "Penulisan header templat tidak benar.",
            "Perbaiki header: teks biasa, paling banyak satu variabel, dan sertakan contohnya.",
        ),
    one(2_388_072, ChangeRequest)
        .en(
            "The template's text is not well formed.",
            "Correct the text and its variables, and give an example for each.",
        )
        .id(
            "Penulisan isi templat tidak benar.",
            "Perbaiki isi beserta variabelnya, dan sertakan contoh untuk setiap variabel.",
        ),
    one(2_388_073, ChangeRequest)
        .en("The template's footer is not well formed.", "Correct the footer: plain text without variables.")
        .id("Penulisan footer templat tidak benar.", "Perbaiki footer: teks biasa tanpa variabel."),
    one(2_388_293, ChangeRequest)
        .en(
            "The template has too many variables for so short a text.",
            "Write more text around the variables, or use fewer of them.",
        )
        .id(
            "Variabel terlalu banyak untuk teks templat yang sependek ini.",
            "Tambahkan teks di sekitar variabel, atau kurangi variabelnya.",
        ),
    one(2_388_299, ChangeRequest)
        .en(
            "The template begins or ends with a variable.",
            "Put words before the first variable and after the last one.",
        )
        .id(
            "Templat diawali atau diakhiri dengan variabel.",
            "Tulis kata sebelum variabel pertama dan sesudah variabel terakhir.",
        ),
];

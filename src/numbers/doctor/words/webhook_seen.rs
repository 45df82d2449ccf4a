//! What the doctor says about whether webhooks arrive.

use super::super::line::lines;

lines! { WebhookSeen
    OK = "ok", Ok:
        "The last webhook for this number came {ago}.", "";
        "Webhook terakhir untuk nomor ini masuk {ago}.", "";
    NEVER = "never", Warning:
        "No webhook has come for this number yet.", "Write a message to {display} from your own WhatsApp: it must appear here within seconds.";
        "Belum ada webhook yang masuk untuk nomor ini.", "Kirim pesan ke {display} dari WhatsApp Anda sendiri: pesan itu harus muncul di sini dalam hitungan detik.";
    SILENT = "silent", Warning:
        "Nothing has come for this number since {when}, which is unusual for it.", "Write a message to {display} from your own WhatsApp; if it does not appear, look at the red steps above.";
        "Tidak ada yang masuk untuk nomor ini sejak {when}, dan itu tidak biasa.", "Kirim pesan ke {display} dari WhatsApp Anda sendiri; jika tidak muncul, lihat langkah yang merah di atas.";
}

//! What the doctor says about the webhook fields.

use super::super::line::lines;

lines! { Fields
    OK = "ok", Ok:
        "The app receives all the webhook fields that are needed.", "";
        "Aplikasi menerima semua bidang webhook yang diperlukan.", "";
    NO_MESSAGES = "noMessages", Failed:
        "The app has not switched on the webhook field \"messages\", so neither messages nor delivery ticks arrive.", "Click Repair; or on App dashboard › WhatsApp › Configuration › Webhook fields, switch \"messages\" on.";
        "Aplikasi belum mengaktifkan bidang webhook \"messages\", sehingga pesan maupun status pengiriman tidak masuk.", "Klik Perbaiki; atau di Dasbor Aplikasi › WhatsApp › Konfigurasi › Bidang webhook, aktifkan \"messages\".";
    OTHERS_MISSING = "othersMissing", Warning:
        "Messages arrive, but not the news of: {fields}.", "Click Repair; or switch these on in App dashboard › WhatsApp › Configuration › Webhook fields.";
        "Pesan masuk, tetapi kabar berikut tidak: {fields}.", "Klik Perbaiki; atau aktifkan di Dasbor Aplikasi › WhatsApp › Konfigurasi › Bidang webhook.";
    COEXISTENCE_MISSING = "coexistenceMissing", Warning:
        "The number is also used in the WhatsApp Business app, but what is written there does not arrive: {fields}.", "Click Repair; or switch these on in App dashboard › WhatsApp › Configuration › Webhook fields.";
        "Nomor juga dipakai di aplikasi WhatsApp Business, tetapi yang ditulis di sana tidak masuk: {fields}.", "Klik Perbaiki; atau aktifkan di Dasbor Aplikasi › WhatsApp › Konfigurasi › Bidang webhook.";
    NONE = "none", Failed:
        "The app has no webhook for WhatsApp at all.", "Click Repair; or enter the callback URL {url} and the verify token on App dashboard › WhatsApp › Configuration.";
        "Aplikasi sama sekali belum punya webhook untuk WhatsApp.", "Klik Perbaiki; atau isi URL panggilan balik {url} dan token verifikasi di Dasbor Aplikasi › WhatsApp › Konfigurasi.";
    INACTIVE = "inactive", Failed:
        "Meta has switched the app's webhook off, which it does when an address fails for long.", "See that \"Public address\" is green, then click Repair.";
        "Meta menonaktifkan webhook aplikasi, yang terjadi jika alamatnya lama gagal dihubungi.", "Pastikan \"Alamat publik\" hijau, lalu klik Perbaiki.";
    UNKNOWN = "unknown", Skipped:
        "The app's webhook fields cannot be read, because the app's id and secret are not saved here.", "Save both (App dashboard › App settings › Basic), or check App dashboard › WhatsApp › Configuration › Webhook fields yourself.";
        "Bidang webhook aplikasi tidak dapat dibaca karena ID dan rahasia aplikasi belum disimpan di sini.", "Simpan keduanya (Dasbor Aplikasi › Pengaturan aplikasi › Dasar), atau periksa sendiri di Dasbor Aplikasi › WhatsApp › Konfigurasi › Bidang webhook.";
}

//! What the doctor says about the app secret.

use super::super::line::lines;

lines! { AppSecret
    OK = "ok", Ok:
        "The app secret is right.", "";
        "Rahasia aplikasi benar.", "";
    WRONG = "wrong", Failed:
        "The app secret is not that of the app {app}: webhooks would be refused as forged, and Meta refuses our requests.", "On App dashboard › App settings › Basic click Show beside App secret, copy it whole, and save it here.";
        "Rahasia aplikasi bukan milik aplikasi {app}: webhook akan ditolak sebagai palsu, dan Meta menolak permintaan kita.", "Di Dasbor Aplikasi › Pengaturan aplikasi › Dasar klik Tampilkan (Show) di samping Rahasia aplikasi (App secret), salin seluruhnya, lalu simpan di sini.";
    MISSING = "missing", Failed:
        "No app secret is saved, so webhooks cannot be told from forged ones and are refused.", "Copy it from App dashboard › App settings › Basic › App secret, and save it here.";
        "Rahasia aplikasi belum disimpan, sehingga webhook tidak dapat dibedakan dari yang palsu dan ditolak.", "Salin dari Dasbor Aplikasi › Pengaturan aplikasi › Dasar › Rahasia aplikasi, lalu simpan di sini.";
    NO_APP_ID = "noAppId", Skipped:
        "The app secret cannot be checked, because the app's id is not saved here.", "Copy it from App dashboard › App settings › Basic › App ID.";
        "Rahasia aplikasi tidak dapat diperiksa karena ID aplikasi belum disimpan di sini.", "Salin dari Dasbor Aplikasi › Pengaturan aplikasi › Dasar › ID aplikasi.";
    NOT_TRUSTED = "notTrusted", Failed:
        "The app secret is right, but this server does not take webhooks that are signed with it.", "Ask your administrator to add the secret of the app {app} to {setting}.";
        "Rahasia aplikasi benar, tetapi server ini tidak menerima webhook yang ditandatangani dengannya.", "Minta administrator menambahkan rahasia aplikasi {app} ke {setting}.";
}

//! What the doctor says about the token's permissions.

use super::super::line::lines;

lines! { Scopes
    OK = "ok", Ok:
        "The token may send messages and manage the account.", "";
        "Token boleh mengirim pesan dan mengelola akun.", "";
    NO_MESSAGING = "noMessaging", Failed:
        "The token lacks the permission whatsapp_business_messaging, so it can neither send nor fetch media.", "Generate the token again (Business settings › Users › System users › Generate token) and tick whatsapp_business_messaging and whatsapp_business_management.";
        "Token tidak punya izin whatsapp_business_messaging, sehingga tidak dapat mengirim pesan atau mengambil media.", "Buat ulang token (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token) dan centang whatsapp_business_messaging serta whatsapp_business_management.";
    NO_MANAGEMENT = "noManagement", Failed:
        "The token lacks the permission whatsapp_business_management, so templates, webhooks and the state of the number cannot be read.", "Generate the token again (Business settings › Users › System users › Generate token) and tick whatsapp_business_management and whatsapp_business_messaging.";
        "Token tidak punya izin whatsapp_business_management, sehingga templat, webhook, dan status nomor tidak dapat dibaca.", "Buat ulang token (Pengaturan Bisnis › Pengguna › Pengguna sistem › Buat token) dan centang whatsapp_business_management serta whatsapp_business_messaging.";
    NOT_ASSIGNED = "notAssigned", Failed:
        "The token has the permissions, but not for this WhatsApp account ({waba}).", "In Business settings › Users › System users choose the system user, click Assign assets › WhatsApp accounts, choose the account, switch on Full control, then generate the token again.";
        "Token punya izin, tetapi bukan untuk akun WhatsApp Business ini ({waba}).", "Di Pengaturan Bisnis › Pengguna › Pengguna sistem pilih pengguna sistemnya, klik Tetapkan aset (Assign assets) › Akun WhatsApp, pilih akunnya, aktifkan Kontrol penuh, lalu buat ulang token.";
    UNKNOWN = "unknown", Skipped:
        "Which permissions the token has cannot be read, because the app's id and secret are not saved here.", "Save both (App dashboard › App settings › Basic), or look the token up in Meta's Access token debugger.";
        "Izin token tidak dapat dibaca karena ID dan rahasia aplikasi belum disimpan di sini.", "Simpan keduanya (Dasbor Aplikasi › Pengaturan aplikasi › Dasar), atau periksa token di Access token debugger Meta.";
}

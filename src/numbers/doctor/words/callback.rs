//! What the doctor says about where webhooks go.

use super::super::line::lines;

lines! { Callback
    OK = "ok", Ok:
        "Meta sends this number's webhooks to {url}.", "";
        "Meta mengirim webhook nomor ini ke {url}.", "";
    FOREIGN_APP = "foreignApp", Failed:
        "The app's webhooks go to another address: {found}.", "If that system is no longer used, enter {url} on App dashboard › WhatsApp › Configuration › Callback URL; Repair sends only this account's webhooks here and leaves the app's address as it is.";
        "Webhook aplikasi dikirim ke alamat lain: {found}.", "Jika sistem itu tidak dipakai lagi, isi {url} di Dasbor Aplikasi › WhatsApp › Konfigurasi › URL panggilan balik (Callback URL); Perbaiki hanya mengarahkan webhook akun ini ke sini dan tidak mengubah alamat aplikasi.";
    FOREIGN_WABA = "foreignWaba", Failed:
        "For this WhatsApp account another address is set, and it goes before the app's: {found}.", "If you changed over from another provider, click Repair: it sets {url} instead.";
        "Untuk akun WhatsApp Business ini diatur alamat lain, yang didahulukan daripada alamat aplikasi: {found}.", "Jika Anda pindah dari penyedia lain, klik Perbaiki: alamatnya diganti dengan {url}.";
    FOREIGN_NUMBER = "foreignNumber", Failed:
        "For this number another address is set, and it goes before all others: {found}.", "If you changed over from another provider, click Repair: it sets {url} instead.";
        "Untuk nomor ini diatur alamat lain, yang didahulukan daripada semua alamat lainnya: {found}.", "Jika Anda pindah dari penyedia lain, klik Perbaiki: alamatnya diganti dengan {url}.";
    SPLIT_TEMPLATES = "splitTemplates", Warning:
        "This number's messages come here, but news of templates and the account goes to the app's address: {found}.", "Nothing is lost but that news; to have it here, enter {url} on App dashboard › WhatsApp › Configuration › Callback URL.";
        "Pesan nomor ini masuk ke sini, tetapi kabar tentang templat dan akun dikirim ke alamat aplikasi: {found}.", "Hanya kabar itu yang tidak masuk; jika diperlukan di sini, isi {url} di Dasbor Aplikasi › WhatsApp › Konfigurasi › URL panggilan balik.";
    ALMOST = "almost", Failed:
        "Meta's address differs a little from ours: {found} instead of {url}.", "Click Repair, or correct it on App dashboard › WhatsApp › Configuration › Callback URL: the path must be the same to the letter.";
        "Alamat di Meta sedikit berbeda dari alamat kita: {found}, seharusnya {url}.", "Klik Perbaiki, atau betulkan di Dasbor Aplikasi › WhatsApp › Konfigurasi › URL panggilan balik: alamatnya harus persis sama.";
    NONE_SET = "noneSet", Failed:
        "No callback URL is set at Meta.", "Click Repair, or enter {url} and the verify token on App dashboard › WhatsApp › Configuration.";
        "Belum ada URL panggilan balik yang diatur di Meta.", "Klik Perbaiki, atau isi {url} dan token verifikasi di Dasbor Aplikasi › WhatsApp › Konfigurasi.";
    OWN_UNKNOWN = "ownUnknown", Skipped:
        "Meta sends to {found}; whether that is here cannot be told, because this service does not know its public address.", "Ask your administrator to set the public address of this service ({setting}).";
        "Meta mengirim ke {found}; tidak dapat dipastikan apakah itu ke sini karena layanan ini belum tahu alamat publiknya.", "Minta administrator mengatur alamat publik layanan ini ({setting}).";
}

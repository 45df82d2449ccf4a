//! What the doctor says about the WhatsApp account.

use super::super::line::lines;

lines! { Waba
    OK = "ok", Ok:
        "{waba} is the WhatsApp account \"{name}\".", "";
        "{waba} adalah akun WhatsApp Business \"{name}\".", "";
    MISSING = "missing", Failed:
        "No WhatsApp account id is saved.", "Copy it from Business settings › Accounts › WhatsApp accounts: it stands below the account's name.";
        "ID akun WhatsApp Business belum disimpan.", "Salin dari Pengaturan Bisnis › Akun › Akun WhatsApp: ID-nya ada di bawah nama akun.";
    IS_PORTFOLIO = "isPortfolio", Failed:
        "{waba} is the id of the business portfolio, not that of the WhatsApp account.", "Open Business settings › Accounts › WhatsApp accounts, choose the account, and copy the id below its name. {suggestion}";
        "{waba} adalah ID portofolio bisnis, bukan ID akun WhatsApp Business.", "Buka Pengaturan Bisnis › Akun › Akun WhatsApp, pilih akunnya, lalu salin ID di bawah namanya. {suggestion}";
    IS_NUMBER = "isNumber", Failed:
        "{waba} is the id of a phone number, not that of the WhatsApp account.", "The two ids have been mixed up: on App dashboard › WhatsApp › API setup both stand, the account's below the number's.";
        "{waba} adalah ID nomor telepon, bukan ID akun WhatsApp Business.", "Kedua ID tertukar: di Dasbor Aplikasi › WhatsApp › Penyiapan API (API setup) keduanya tertera, ID akun di bawah ID nomor.";
    IS_APP = "isApp", Failed:
        "{waba} is the id of the app, not that of the WhatsApp account.", "Copy the account's id from Business settings › Accounts › WhatsApp accounts.";
        "{waba} adalah ID aplikasi, bukan ID akun WhatsApp Business.", "Salin ID akun dari Pengaturan Bisnis › Akun › Akun WhatsApp.";
    IS_OTHER = "isOther", Failed:
        "{waba} belongs to something at Meta that is not a WhatsApp account.", "Copy the account's id from Business settings › Accounts › WhatsApp accounts.";
        "{waba} adalah ID sesuatu di Meta yang bukan akun WhatsApp Business.", "Salin ID akun dari Pengaturan Bisnis › Akun › Akun WhatsApp.";
    NOT_SEEN = "notSeen", Failed:
        "Meta shows no WhatsApp account {waba} to this token: the id is wrong, or the account is not shared with the system user.", "Check the id in Business settings › Accounts › WhatsApp accounts, and there under People or Partners that the system user has Full control.";
        "Meta tidak menampilkan akun WhatsApp Business {waba} kepada token ini: ID-nya salah, atau akun belum dibagikan ke pengguna sistem.", "Periksa ID-nya di Pengaturan Bisnis › Akun › Akun WhatsApp, dan pastikan di tab Orang atau Mitra bahwa pengguna sistem punya Kontrol penuh.";
}

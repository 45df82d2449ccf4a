//! What the doctor says about who receives the account's webhooks.

use super::super::line::lines;

lines! { AppSubscribed
    OK = "ok", Ok:
        "The app \"{app}\" receives this account's webhooks.", "";
        "Aplikasi \"{app}\" menerima webhook akun ini.", "";
    NOT_SUBSCRIBED = "notSubscribed", Failed:
        "The app is not subscribed to this WhatsApp account, so Meta sends us nothing: no messages, no delivery ticks.", "Click Repair: it subscribes the app.";
        "Aplikasi belum berlangganan ke akun WhatsApp Business ini, sehingga Meta tidak mengirim apa pun ke sini: tidak ada pesan, tidak ada status pengiriman.", "Klik Perbaiki: aplikasi akan dilanggankan.";
    OTHER_APP_ONLY = "otherAppOnly", Failed:
        "Only another app ({apps}) is subscribed to this WhatsApp account, so its messages go there.", "Click Repair to subscribe this app too; remove the other one in its own system if it is no longer used.";
        "Hanya aplikasi lain ({apps}) yang berlangganan ke akun WhatsApp Business ini, sehingga pesannya masuk ke sana.", "Klik Perbaiki untuk melanggankan aplikasi ini juga; hapus langganan aplikasi lain dari sistemnya jika tidak dipakai lagi.";
    ALSO_OTHERS = "alsoOthers", Warning:
        "Other apps receive this account's webhooks too: {apps}.", "Make sure that no other system answers the same customers; nothing needs to be done if that is meant.";
        "Aplikasi lain juga menerima webhook akun ini: {apps}.", "Pastikan tidak ada sistem lain yang membalas pelanggan yang sama; jika memang disengaja, tidak ada yang perlu dilakukan.";
    WHICH_APP = "whichApp", Warning:
        "An app is subscribed, but whether it is ours cannot be told, because the app's id is not saved here.", "Save the app's id and secret (App dashboard › App settings › Basic), then test again.";
        "Ada aplikasi yang berlangganan, tetapi tidak dapat dipastikan apakah itu aplikasi kita karena ID aplikasi belum disimpan di sini.", "Simpan ID dan rahasia aplikasi (Dasbor Aplikasi › Pengaturan aplikasi › Dasar), lalu uji lagi.";
}

//! What the doctor says about whether webhooks arrive unchanged.

use super::super::line::lines;

lines! { UrlByteTrue
    OK = "ok", Ok:
        "A signed test with accents and emoji came back through the public address as it was sent.", "";
        "Uji bertanda tangan dengan aksen dan emoji kembali lewat alamat publik persis seperti saat dikirim.", "";
    CHANGED = "changed", Failed:
        "Something between the internet and this service changes webhooks, so their signature is no longer right and they are refused.", "Ask your administrator to switch off whatever rewrites bodies on the path {path}: filters, re-encoding, virus or data-loss scanning.";
        "Ada sesuatu di antara internet dan layanan ini yang mengubah webhook, sehingga tanda tangannya tidak cocok lagi dan webhook ditolak.", "Minta administrator menonaktifkan apa pun yang mengubah isi permintaan di {path}: filter, pengodean ulang, pemindai virus, atau pencegah kebocoran data.";
    BLOCKED = "blocked", Failed:
        "The public address takes test calls, but turns webhooks away (HTTP {status}).", "Ask your administrator to exempt POST on {path} from the firewall's rules.";
        "Alamat publik menerima panggilan uji, tetapi menolak webhook (HTTP {status}).", "Minta administrator mengecualikan POST di {path} dari aturan firewall.";
    NOT_ARRIVED = "notArrived", Failed:
        "The test was answered with 200, but it did not arrive in this service's database.", "Ask your administrator whether the address leads to another installation with the same app secret.";
        "Uji dijawab 200, tetapi tidak sampai ke basis data layanan ini.", "Minta administrator memeriksa apakah alamat itu mengarah ke instalasi lain dengan rahasia aplikasi yang sama.";
}

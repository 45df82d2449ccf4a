//! What the doctor says about the public address.

use super::super::line::lines;

lines! { UrlReachable
    OK = "ok", Ok:
        "{url} leads to this service and knows the verify token.", "";
        "{url} mengarah ke layanan ini dan mengenal token verifikasi.", "";
    NOT_SET = "notSet", Skipped:
        "This service does not know its public address, so it cannot be tried.", "Ask your administrator to set it ({setting}), for example https://crm.example.com.";
        "Layanan ini belum tahu alamat publiknya, sehingga tidak dapat dicoba.", "Minta administrator mengaturnya ({setting}), misalnya https://crm.example.com.";
    NOT_HTTPS = "notHttps", Failed:
        "The public address does not begin with https, and Meta calls no other.", "Ask your administrator to set up a certificate and to change the address to https.";
        "Alamat publik tidak diawali https, padahal Meta hanya menghubungi https.", "Minta administrator memasang sertifikat dan mengubah alamatnya menjadi https.";
    PRIVATE = "private", Failed:
        "{host} is an address of your own network, which Meta cannot reach.", "Use a public domain, or for trying out a tunnel (such as ngrok or Cloudflare Tunnel).";
        "{host} adalah alamat di jaringan Anda sendiri, yang tidak dapat dijangkau Meta.", "Gunakan domain publik, atau untuk uji coba sebuah tunnel (misalnya ngrok atau Cloudflare Tunnel).";
    NO_NAME = "noName", Failed:
        "The name {host} is not known in the internet.", "Check its spelling, and ask your administrator for its DNS record.";
        "Nama {host} tidak dikenal di internet.", "Periksa ejaannya, dan minta administrator memeriksa data DNS-nya.";
    BAD_CERTIFICATE = "badCertificate", Failed:
        "The certificate of {host} is not valid.", "Ask your administrator for a certificate of a public authority (for example Let's Encrypt) with its whole chain.";
        "Sertifikat {host} tidak sah.", "Minta administrator memasang sertifikat dari penerbit publik (misalnya Let's Encrypt) beserta rantai lengkapnya.";
    REFUSED = "refused", Failed:
        "{host} does not take connections.", "Ask your administrator whether the proxy runs and port 443 is open.";
        "{host} tidak menerima sambungan.", "Minta administrator memeriksa apakah proxy berjalan dan port 443 terbuka.";
    TIME_OUT = "timeOut", Failed:
        "{host} did not answer within {seconds} seconds.", "Ask your administrator to check the firewall and the proxy; some networks cannot call their own public address, then ask somebody outside to open it.";
        "{host} tidak menjawab dalam {seconds} detik.", "Minta administrator memeriksa firewall dan proxy; sebagian jaringan tidak dapat memanggil alamat publiknya sendiri, jika begitu minta seseorang di luar membukanya.";
    STATUS = "status", Failed:
        "{url} answers with HTTP {status} instead of 200.", "Ask your administrator whether the proxy passes the path {path} on to this service unchanged.";
        "{url} menjawab dengan HTTP {status}, seharusnya 200.", "Minta administrator memastikan proxy meneruskan {path} ke layanan ini tanpa perubahan.";
    REDIRECT = "redirect", Failed:
        "{url} sends callers on to {target}, and Meta does not follow.", "Use {target} as the public address, or take the redirect out of the proxy.";
        "{url} mengalihkan ke {target}, dan Meta tidak mengikutinya.", "Gunakan {target} sebagai alamat publik, atau hapus pengalihan dari proxy.";
    LOGIN = "login", Failed:
        "Something in front of this service asks for a sign-in or turns callers away (HTTP {status}).", "Ask your administrator to exempt the path {path} from sign-in, bot protection and country blocks.";
        "Ada sesuatu di depan layanan ini yang meminta login atau menolak pemanggil (HTTP {status}).", "Minta administrator mengecualikan {path} dari login, perlindungan bot, dan pemblokiran negara.";
    OTHER_SERVICE = "otherService", Failed:
        "{url} answers, but it is not this service that answers.", "Ask your administrator where the proxy sends the path {path}: perhaps to an old installation.";
        "{url} menjawab, tetapi yang menjawab bukan layanan ini.", "Minta administrator memeriksa ke mana proxy mengirim {path}: mungkin ke instalasi lama.";
    VERIFY_TOKEN = "verifyToken", Failed:
        "The address is right, but it does not accept our verify token.", "Ask your administrator whether all servers have the same {setting}, and enter the same on App dashboard › WhatsApp › Configuration.";
        "Alamatnya benar, tetapi token verifikasi kita tidak diterima.", "Minta administrator memastikan semua server memakai {setting} yang sama, dan isi token yang sama di Dasbor Aplikasi › WhatsApp › Konfigurasi.";
    SLOW = "slow", Warning:
        "{url} answers, but takes {ms} ms; Meta wants most answers within 250 ms.", "Ask your administrator to look at the load of the server and the way from the proxy.";
        "{url} menjawab, tetapi butuh {ms} ms; Meta menginginkan sebagian besar jawaban dalam 250 ms.", "Minta administrator memeriksa beban server dan jalur dari proxy.";
}

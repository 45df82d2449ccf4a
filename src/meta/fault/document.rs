//! The catalogue as a document, `docs/META-ERRORS.md` and its Indonesian twin.

use super::{Actor, Class, FAMILIES, Family, range};
use crate::domain::language::Language;
use crate::domain::language::Words;

const HEAD: Words = Words {
    en: "# Meta's errors\n\n\
         Printed by `pesan errors --meta`; a test compares it with the catalogue in `src/meta/fault/`. The same in \
         Indonesian: [META-ERRORS.id.md](META-ERRORS.id.md).\n\n\
         Meta gives these codes in answers of the Graph API, and in webhooks for messages, calls and groups. The \
         sentences are ours. Meta's own words always go along with them, because they often say more. The classes \
         say what helps; they are our judgement, except where Meta names a wait.\n\n\
         | class | what it means |\n| --- | --- |\n",
    id: "# Kode kesalahan dari Meta\n\n\
         Dicetak oleh `pesan errors --meta --language id`; sebuah pengujian membandingkannya dengan katalog di \
         `src/meta/fault/`. Versi bahasa Inggris: [META-ERRORS.md](META-ERRORS.md).\n\n\
         Meta memberikan kode ini dalam jawaban Graph API, dan dalam webhook untuk pesan, panggilan, dan grup. \
         Kalimatnya kami yang menulis. Keterangan asli dari Meta selalu disertakan karena sering lebih lengkap. \
         Kelas menyatakan apa yang membantu; itu penilaian kami, kecuali jika Meta sendiri menyebutkan waktu \
         tunggunya.\n\n\
         | kelas | artinya |\n| --- | --- |\n",
};

const ACTORS: Words = Words {
    en: "\n| who acts | who that is |\n| --- | --- |\n",
    id: "\n| yang bertindak | siapa itu |\n| --- | --- |\n",
};

const NOTES: Words = Words {
    en: "\nA *growing* wait is 1, 2, 4, … seconds, up to a few minutes. *In doubt*: Meta failed, and the answer does \
         not prove that the request had no effect, so a message is sent again only when it is sure that the first \
         one did not go out. A code that is not listed is judged by the codes around it (the last table) or, where \
         that says nothing, as *change the request*: the message fails, and nothing is repeated. In an answer with \
         the code 100 or 190 the subcode is looked up first.\n",
    id: "\nWaktu tunggu *makin lama* berarti 1, 2, 4, … detik, hingga beberapa menit. *Belum pasti*: Meta gagal, dan \
         jawabannya tidak membuktikan bahwa permintaan tidak berpengaruh, jadi pesan hanya dikirim ulang jika sudah \
         pasti yang pertama tidak terkirim. Kode yang tidak tercantum dinilai dari kode di sekitarnya (tabel \
         terakhir) atau, jika tetap tidak jelas, sebagai *ubah permintaan*: pesan gagal, dan tidak ada yang \
         diulang. Dalam jawaban dengan kode 100 atau 190, subkodenya dicari lebih dulu.\n",
};

const COLUMNS: Words = Words {
    en: "| code | class | who acts | wait | what happened | what to do |\n| --- | --- | --- | --- | --- | --- |\n",
    id: "| kode | kelas | yang bertindak | tunggu | yang terjadi | yang perlu dilakukan |\n\
         | --- | --- | --- | --- | --- | --- |\n",
};

const IN_DOUBT: Words = Words { en: ", in doubt", id: ", belum pasti" };

const UNLISTED: Family = Family {
    name: Words { en: "Codes that are not listed", id: "Kode yang tidak tercantum" },
    entries: range::ENTRIES,
};

/// The text of the document.
pub fn document(language: Language) -> String {
    let said = |words: Words| words.in_language(language);
    let mut text = String::from(said(HEAD));
    for class in Class::ALL {
        text.push_str(&format!("| {} | {} |\n", said(class.name()), said(class.remedy())));
    }
    text.push_str(said(ACTORS));
    for actor in Actor::ALL {
        text.push_str(&format!("| {} | {} |\n", said(actor.name()), said(actor.role())));
    }
    text.push_str(said(NOTES));
    for family in FAMILIES.iter().chain([&UNLISTED]) {
        text.push_str(&format!("\n## {}\n\n{}", said(family.name), said(COLUMNS)));
        for entry in family.entries {
            let codes = if entry.first == entry.last {
                entry.first.to_string()
            } else {
                format!("{}–{}", entry.first, entry.last)
            };
            let doubt = if entry.is_in_doubt { said(IN_DOUBT) } else { "" };
            let (class, actor) = (said(entry.class.name()), said(entry.actor.name()));
            let wait = entry.pause.map(|pause| pause.words(language)).unwrap_or_default();
            let (meaning, advice) = (said(entry.meaning), said(entry.advice));
            text.push_str(&format!(
                "| {codes} | {class}{doubt} | {actor} | {wait} | {meaning} | {advice} |\n"
            ));
        }
    }
    text
}

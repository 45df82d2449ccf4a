//! Prints `.env.local.example` from the table of settings, so that the two cannot drift apart.

use super::SETTINGS;

const WIDTH: usize = 100;

/// The text of `.env.local.example`.
pub fn example() -> String {
    let mut text = String::from(
        "# The settings of pesan. Copy this file to .env.local and change what you need; `pesan dev` reads it.\n\
         # In production give the same names as environment variables (or `--env-file`).\n\
         # Printed by `pesan config example`; a test compares it, so edit src/config/ instead.\n",
    );
    for (section, settings) in SETTINGS {
        text.push_str(&format!("\n# ---- {section}\n"));
        for setting in *settings {
            text.push('\n');
            for line in wrap(setting.meaning) {
                text.push_str(&format!("# {line}\n"));
            }
            text.push_str(&format!("# Expects {}.", setting.expects));
            match setting.default {
                Some(default) => text.push_str(&format!(" Default: {default}.")),
                None => text.push_str(" No default."),
            }
            if setting.secret {
                text.push_str(" Secret.");
            }
            if !setting.aliases.is_empty() {
                text.push_str(&format!(" Also read as: {}.", setting.aliases.join(", ")));
            }
            text.push_str(&format!("\n#{}={}\n", setting.name, setting.example));
        }
    }
    text
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

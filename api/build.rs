//! Prepares the files of the IDE page for `src/ide.rs`.
//!
//! GraphiQL and React are not committed. If `npm ci` has put them into `ide/node_modules`, they are
//! embedded, and the page needs no other host; if not, the page names a public CDN, which the
//! browser holds to the same hashes. Refuses to embed a file that is not the pinned one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha384};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Serves files of npm packages as they are.
const CDN: &str = "https://cdn.jsdelivr.net/npm";

/// Our own files beside the page, which are always embedded.
const OWN: [&str; 3] = ["boot.js", "examples.graphql", "page.css"];

/// In the order in which the page needs them. The versions are those of `ide/package.json`.
const THIRD_PARTY: [ThirdParty; 4] = [
    ThirdParty {
        package: "react",
        version: "18.3.1",
        folder: "umd/",
        name: "react.production.min.js",
        integrity: "sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    },
    ThirdParty {
        package: "react-dom",
        version: "18.3.1",
        folder: "umd/",
        name: "react-dom.production.min.js",
        integrity: "sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    },
    ThirdParty {
        package: "graphiql",
        version: "4.1.2",
        folder: "",
        name: "graphiql.min.js",
        integrity: "sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    },
    ThirdParty {
        package: "graphiql",
        version: "4.1.2",
        folder: "",
        name: "graphiql.min.css",
        integrity: "sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
    },
];

/// A file of an npm package.
struct ThirdParty {
    package: &'static str,
    version: &'static str,
    folder: &'static str,
    name: &'static str,
    /// The hash of the file, in the form of the HTML attribute.
    integrity: &'static str,
}

/// A file to be embedded.
struct Embedded {
    name: &'static str,
    bytes: Vec<u8>,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let source = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("ide");
    let target = PathBuf::from(env::var("OUT_DIR")?);
    let installed = THIRD_PARTY.iter().all(|file| file.path(&source).is_file());
    let mut files = Vec::new();
    for name in OWN {
        files.push(Embedded { name, bytes: read(&source.join(name))? });
    }
    if installed {
        for file in &THIRD_PARTY {
            files.push(file.embedded(&source)?);
        }
    } else {
        // A file that is not there can't be watched; the folder in which it would appear can.
        println!("cargo:rerun-if-changed={}", source.display());
    }
    println!("cargo:rerun-if-changed=build.rs");
    let version = version(&files);
    let tags: Vec<_> = THIRD_PARTY.iter().map(|file| file.tag(installed)).collect();
    let page = String::from_utf8(read(&source.join("page.html"))?)?
        .replace("{third-party}", &tags.join("\n    "))
        .replace("{version}", &version);
    fs::write(target.join("ide.html"), page)?;
    fs::write(target.join("ide.rs"), constants(&version, installed, &files))?;
    files.iter().try_for_each(|file| file.write_to(&target))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    println!("cargo:rerun-if-changed={}", path.display());
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// What the paths of the embedded files begin with: another one as soon as one byte of them changes.
fn version(files: &[Embedded]) -> String {
    let mut hash = Sha384::new();
    for file in files {
        hash.update(&file.bytes);
    }
    hash.finalize().get(..9).map(|start| URL_SAFE_NO_PAD.encode(start)).unwrap_or_default()
}

impl ThirdParty {
    fn path(&self, source: &Path) -> PathBuf {
        source.join("node_modules").join(self.package).join(self.folder).join(self.name)
    }

    fn url(&self) -> String {
        format!("{CDN}/{}@{}/{}{}", self.package, self.version, self.folder, self.name)
    }

    fn is_style(&self) -> bool {
        self.name.ends_with(".css")
    }

    fn embedded(&self, source: &Path) -> Result<Embedded> {
        let bytes = read(&self.path(source))?;
        let found = format!("sha384-{}", STANDARD.encode(Sha384::digest(&bytes)));
        if found != self.integrity {
            let Self { package, version, name, integrity, .. } = self;
            let problem =
                format!("{name} is not that of {package} {version}: {found} instead of {integrity}");
            return Err(format!("{problem}. Run `npm ci --ignore-scripts` in api/ide.").into());
        }
        let bytes =
            if self.is_style() { without_fonts(&String::from_utf8(bytes)?).into_bytes() } else { bytes };
        Ok(Embedded { name: self.name, bytes })
    }

    /// What loads the file into the page. Scripts are deferred: they run in this order, after the page was read.
    fn tag(&self, installed: bool) -> String {
        let (place, integrity) = if installed {
            (format!("ide/{{version}}/{}", self.name), String::new())
        } else {
            (self.url(), format!(" integrity=\"{}\" crossorigin=\"anonymous\"", self.integrity))
        };
        if self.is_style() {
            format!("<link rel=\"stylesheet\" href=\"{place}\"{integrity}>")
        } else {
            format!("<script src=\"{place}\"{integrity} defer></script>")
        }
    }
}

/// The style sheet without the fonts in it: compressed, it is 9 kB instead of 276 kB.
fn without_fonts(style: &str) -> String {
    let mut parts = style.split("@font-face");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('}').map_or("", |(_, after)| after));
    std::iter::once(first).chain(rest).collect()
}

impl Embedded {
    fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        }
    }

    fn write_to(&self, target: &Path) -> Result<()> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.bytes)?;
        Ok(fs::write(target.join(format!("{}.gz", self.name)), encoder.finish()?)?)
    }
}

/// The constants that `src/ide.rs` is completed with.
fn constants(version: &str, installed: bool, files: &[Embedded]) -> String {
    let foreign = |style: bool| -> String {
        let files = THIRD_PARTY.iter().filter(|file| !installed && file.is_style() == style);
        files.map(|file| format!(" {}", file.url())).collect()
    };
    let list: String = files
        .iter()
        .map(|file| {
            let (name, media_type) = (file.name, file.media_type());
            let gzip = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.gz\"))");
            format!("    Asset {{ name: \"{name}\", media_type: \"{media_type}\", gzip: {gzip} }},\n")
        })
        .collect();
    format!(
        "const VERSION: &str = {version:?};\n\
         const FOREIGN_SCRIPTS: &str = {:?};\n\
         const FOREIGN_STYLES: &str = {:?};\n\
         const ASSETS: &[Asset] = &[\n{list}];\n",
        foreign(false),
        foreign(true),
    )
}

"""What `.ci/floors` finds, on small trees made for it: `python3 .ci/floors_test.py`."""

import importlib.machinery
import importlib.util
import os
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LOADER = importlib.machinery.SourceFileLoader("floors", os.path.join(HERE, "floors"))
FLOORS = importlib.util.module_from_spec(importlib.util.spec_from_loader("floors", LOADER))
# Nothing compiled is left beside the script.
__import__("sys").dont_write_bytecode = True
__import__("sys").modules["floors"] = FLOORS
LOADER.exec_module(FLOORS)

SOUND = {
    "lib.rs": "mod error; mod keys; mod session; pub use crate::session::Session;",
    "error.rs": "pub enum Error { One }",
    "keys/mod.rs": "mod key; mod ring; pub use self::{key::Key, ring::Ring};",
    "keys/key.rs": "use crate::error::Error; pub struct Key;",
    "keys/ring.rs": "use super::Key; pub struct Ring(Vec<Key>);",
    "session/mod.rs": "mod csrf; use crate::keys::{Key, Ring as R}; pub struct Session(Key);",
    "session/csrf.rs": "//! See [`s`](crate::sessions::S).\nuse super::Session; impl Session {}",
    "operate/mod.rs": "use crate::{error::Error, keys::{self, Ring}};",
    "bin/tool/main.rs": "mod edit; use sealed_session::Session; use crate::edit::Edit;",
    "bin/tool/edit.rs": "pub struct Edit;",
}


def found_with(**changes):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (SOUND | changes.pop("files", {}) | changes).items():
            path = os.path.join(folder, "src", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        config = os.path.join(folder, "floors.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("error\nkeys\nsession\nsessions # see\nadapters operate\nbin lib\nlines 5\n")
        return FLOORS.check(os.path.join(folder, "src"), config)


class Floors(unittest.TestCase):
    def assert_only(self, files, *parts):
        findings = found_with(files=files)
        self.assertEqual(len(findings), 1, findings)
        for part in parts:
            self.assertIn(part, findings[0])

    def test_a_sound_tree_has_no_findings(self):
        self.assertEqual(found_with(), [])

    def test_an_import_upwards(self):
        for code in [
            "use crate::session::Session;",
            "use crate::{\n error::Error,\n session::{Session, csrf}};",
            "use super::super::session::Session;",
            "fn f() { crate::session::f(); }",
            "fn f(x: &dyn crate::session::Session) {}",
            '#[serde(with = "crate::session::text")] struct S;',
            "#[cfg(test)] mod tests { use crate::session::Session; }",
            "macro_rules! m { () => { $crate::session::f() } }",
        ]:
            findings = found_with(files={"keys/key.rs": f"fn g<'a>() {{ '{{'; }}\n{code}"})
            self.assertTrue(findings, code)
            self.assertIn("upwards, from the floor `keys` to `session`", findings[0])
            self.assertRegex(findings[0], r"^src/keys/key\.rs:[234]: ")

    def test_an_import_sideways(self):
        self.assert_only(
            {"adapters/axum.rs": "\nuse crate::operate::reload;"},
            "src/adapters/axum.rs:2: `crate::operate::reload` goes sideways",
        )

    def test_an_import_from_lib(self):
        self.assert_only({"operate/mod.rs": "use crate::Session;"}, "imported from lib.rs")

    def test_what_is_on_no_floor(self):
        self.assert_only({"text.rs": ""}, "src/text.rs: `text` is on no floor")

    def test_comments_and_strings_are_no_imports(self):
        for text in [
            "// use crate::session::Session;",
            "/* /* */ use crate::session::Session; */",
            'const A: &str = "use crate::session::Session;";',
            'const A: &str = r#"" crate::session::Session "#;',
            "/// [x](crate::session::Session)",
            "pub(in crate::keys) struct S;",
        ]:
            self.assertEqual(found_with(files={"keys/key.rs": text}), [], text)

    def test_two_files_in_a_circle(self):
        self.assert_only(
            {"keys/key.rs": "\nuse super::Ring; pub struct Key;"},
            "circle",
            "src/keys/key.rs:2: `super::Ring` is from src/keys/ring.rs",
            "src/keys/ring.rs:1: `super::Key` is from src/keys/key.rs",
        )

    def test_a_folder_and_its_file_in_a_circle(self):
        mod = "mod csrf; pub struct Session; use self::csrf::token;"
        self.assert_only({"session/mod.rs": mod}, "`self::csrf::token` is from src/session/csrf.rs")
        mod = "mod csrf; pub struct Session; fn f() { csrf::token() }"
        self.assert_only({"session/mod.rs": mod}, "`csrf::token` is from src/session/csrf.rs")

    def test_a_name_that_is_handed_on_and_used_is_imported(self):
        keys = "mod key; mod ring; pub use self::{key::Key, ring::Ring}; pub struct Both(Key);"
        self.assert_only({"keys/mod.rs": keys, "keys/key.rs": "use super::Both;"}, "circle")

    def test_three_files_in_a_circle(self):
        self.assert_only(
            {
                "keys/mod.rs": "mod a; mod b; mod c;",
                "keys/a.rs": "use super::b::B;",
                "keys/b.rs": "use super::c::C;",
                "keys/c.rs": "use crate::keys::a::A;",
            },
            "src/keys/a.rs:1",
            "src/keys/b.rs:1",
            "src/keys/c.rs:1",
        )

    def test_a_program_has_no_circle_either(self):
        self.assert_only({"bin/tool/edit.rs": "use crate::run;"}, "src/bin/tool/edit.rs:1")

    def test_a_long_file(self):
        self.assert_only({"error.rs": "\n" * 6}, "src/error.rs: 6 lines, 1 more than the 5")


if __name__ == "__main__":
    unittest.main()

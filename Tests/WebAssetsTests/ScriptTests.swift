import Foundation
import Testing
import WebAssets

@Suite("Scripts are stripped without changing what they say")
struct ScriptTests {
    private static func stripped(_ source: String) throws -> String {
        String(decoding: try ScriptModule(path: "a/b.js", source: Array(source.utf8)).body, as: UTF8.self)
    }

    @Test("comments and space go, what they might have been part of stays", arguments: [
        ("a = 1; // one\nb = 2; /* two */ c", "a=1;b=2;c"),
        ("const text = \"// not /* a comment */\" + 'it\\'s // text';", "const text=\"// not /* a comment */\"+'it\\'s // text';"),
        ("`a  ${ b + `c  ${ { d : 1 }.d }  // e` }  f`", "`a  ${b+`c  ${{d:1}.d}  // e`}  f`"),
        ("const path = /\\/\\/ [/\"]\\/*/gu . test(x);", "const path=/\\/\\/ [/\"]\\/*/gu.test(x);"),
        ("a = b / c / d; e = (f) / g[1] / h", "a=b/c/d;e=(f)/g[1]/h"),
        ("if (a) /b c/.test(d)", "if(a)/b c/.test(d)"),
        ("return /a b/ . test(c) ? typeof /d/ : x.return / 2", "return/a b/.test(c)?typeof/d/:x.return/2"),
        ("a + +b; a - -b; a++ + b; a / /b/.c", "a+ +b;a- -b;a++ +b;a/ /b/.c"),
        ("/x/g in y; 1 .toFixed(); 0.5 + .5 - 1.e3", "/x/g in y;1 .toFixed();0.5+.5-1.e3"),
        ("class A { static #b = 1; get c() { return #b in this; } }", "class A{static #b=1;get c(){return #b in this}}"),
        ("let é = \"ü  –\"", "let é=\"ü  –\""),
    ])
    func strips(source: String, wanted: String) throws {
        #expect(try Self.stripped(source) == wanted)
    }

    @Test("a line ends where a semicolon might be meant, and only there", arguments: [
        ("a\nb", "a\nb"), ("a()\n(b)", "a()\n(b)"), ("a\n++b", "a\n++b"), ("a\n[b]", "a\n[b]"), ("return\na", "return\na"), ("x = y\n`t`", "x=y\n`t`"),
        ("f(\n  a,\n  b,\n)", "f(a,b)"), ("a\n  .b()\n  ?? c", "a.b()??c"), ("{\n  a;\n}\nb", "{a}\nb"), ("a &&\n  b", "a&&b"), ("a /*\n*/ b", "a\nb"),
        ("a\n  ? b\n  : c", "a?b:c"), ("class A {\n  b = 1\n  c\n}", "class A{b=1\nc}"),
    ])
    func keepsLines(source: String, wanted: String) throws {
        #expect(try Self.stripped(source) == wanted)
    }

    @Test("commas and semicolons that say nothing go, the others stay", arguments: [
        ("[a, , b, ]; [, ]; f(a, ); ({a, })", "[a,,b];[,];f(a);({a})"), ("{ while (a); }", "{while(a);}"), ("{ if (a) b(); else; }", "{if(a)b();else;}"),
        ("for (;;) { a(); }", "for(;;){a()}"), ("() => { a = {}; }", "()=>{a={}}"),
    ])
    func bracketsClose(source: String, wanted: String) throws {
        #expect(try Self.stripped(source) == wanted)
    }

    @Test("constants that follow one another share their word", arguments: [
        ("const a = 1;\nconst b = 2;\nlet c;\nconst d = 3;", "const a=1,b=2;let c;const d=3;"), ("const f = () => { const a = 1; const b = 2; return a };\nconst g = 1;", "const f=()=>{const a=1,b=2;return a},g=1;"),
        ("for (const a of b) c(a);\nconst d = 1;", "for(const a of b)c(a);const d=1;"), ("const a = 1\nb(); const c = 2;", "const a=1\nb();const c=2;"), ("a.const; const b = 1", "a.const;const b=1"),
        ("if (a) { const b = 1; } const c = 1; const d = 2", "if(a){const b=1}const c=1,d=2"), ("const a = `${b; c}`; const d = 1", "const a=`${b;c}`,d=1"),
        ("const a = 1; { const b = 2; } const c = 3;", "const a=1;{const b=2}const c=3;"),
        ("const f = () => { a(); };\nconst g = () => { const b = 1; return b; };\nconst h = 1", "const f=()=>{a()},g=()=>{const b=1;return b},h=1"),
    ])
    func constantsShare(source: String, wanted: String) throws {
        #expect(try Self.stripped(source) == wanted)
    }

    @Test("a shell leads to the files of its folders, each once, and names its page")
    func shells() {
        let source = """
            <link rel="icon" href="/assets/icon.svg">
            <script src="/assets/system/theme.js"></script>
            <link rel="stylesheet" href="/assets/system/base.css">
            <link rel="stylesheet" href="/assets/system/chart.css">
            <link rel="stylesheet" href="/assets/a/b.css">
            <script type="module" src="/assets/a/b-c.js"></script>
            """
        let wanted = #"<link rel="icon" href="/assets/icon.svg"><script src="/assets/system/theme.js"></script><link rel="stylesheet" href="/assets/system.css">"#
            + #"<link rel="stylesheet" href="/assets/a.css"><script type="module" src="/assets/a.js" data-page="$a_b_c"></script>"#
        #expect(String(decoding: Shell.served(Array(source.utf8)), as: UTF8.self) == wanted)
    }

    @Test("what never ends is told with its place", arguments: [
        ("a = \"b\n\"", ScriptError.unterminated("string", offset: 4)), ("`a ${b} c", .unterminated("template", offset: 6)), ("x = /a", .unterminated("regular expression", offset: 4)),
        ("a /* b", .unterminated("comment", offset: 2)), ("export let a = 1", .unsupported("an export of something else than a function, a class or a constant", offset: 0)),
        ("import * as a from \"b\"", .unsupported("an import of neither names nor a file", offset: 0)),
    ])
    func refuses(source: String, error: ScriptError) {
        #expect(throws: error) { try Self.stripped(source) }
    }

    @Test("imports and exports are known, and gone from the body")
    func takesApart() throws {
        let source = "import { el, fill as put } from \"../system/dom.js\";\nimport \"./c.js\"\n\nexport async function f() { return import.meta; }\nexport const g = 1;\nexport class H {}\n"
        let module = try ScriptModule(path: "a/b.js", source: Array(source.utf8))
        #expect(module.imports.map(\.path) == ["system/dom.js", "a/c.js"])
        #expect(module.imports.map { $0.names.map { "\($0.exported) as \($0.local)" } } == [["el as el", "fill as put"], []])
        #expect(module.exports == ["f", "g", "H"])
        #expect(String(decoding: module.body, as: UTF8.self) == "async function f(){return import.meta}\nconst g=1;class H{}")
    }

    @Test("stylesheets lose comments and space, and keep strings, addresses and descendants", arguments: [
        ("/* a */\n.b .c > .d ,\n.e :hover { color : red ; margin: 0 auto; }\n", ".b .c>.d,.e :hover{color :red;margin:0 auto}"),
        (".a::after { content: \" /* b */ ;  \"; }", ".a::after{content:\" /* b */ ;  \"}"),
        ("a { width: calc(100% - (2 * var(--b)) + 1px); }", "a{width:calc(100% - (2 * var(--b)) + 1px)}"),
        ("@media (min-width: 2px) and (max-width: 3px) { a + b ~ c { d: url(data:image/svg+xml, a  b) } }", "@media (min-width:2px) and (max-width:3px){a + b ~ c{d:url(data:image/svg+xml, a  b)}}"),
    ])
    func stylesheets(source: String, wanted: String) {
        #expect(String(decoding: StyleSheet.stripped(Array(source.utf8)), as: UTF8.self) == wanted)
    }
}

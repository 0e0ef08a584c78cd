//! What is found in texts, by both ways of reading.

use super::entities::{Span, Syntax, extract, extract_as};

fn texts<'a>(spans: &[Span<'a>]) -> Vec<&'a str> {
    spans.iter().map(|span| span.text).collect()
}

#[test]
fn links_end_where_people_expect_it() {
    for (text, links) in [
        ("", vec![]),
        ("Read https://example.com.", vec!["https://example.com"]),
        ("(https://example.com/a_(b))", vec!["https://example.com/a_(b)"]),
        ("[https://example.com/[x]]", vec!["https://example.com/[x]"]),
        ("\"https://example.com/a\", b", vec!["https://example.com/a"]),
        ("https://example.com/a?b=c&d=(e)#f!", vec!["https://example.com/a?b=c&d=(e)#f"]),
        ("https://example.com/a...", vec!["https://example.com/a"]),
        ("HTTP://EXAMPLE.COM/A", vec!["HTTP://EXAMPLE.COM/A"]),
        (
            "http://localhost:3000/x, http://10.0.0.1/",
            vec!["http://localhost:3000/x", "http://10.0.0.1/"],
        ),
        ("http://[::1]:80/x", vec!["http://[::1]:80/x"]),
        ("https://intern.corp/x", vec!["https://intern.corp/x"]),
        ("https:// nothing", vec![]),
        ("https://...", vec![]),
        ("example.com and www.example.co.uk/x", vec!["example.com", "www.example.co.uk/x"]),
        ("example.com:8080/x", vec!["example.com:8080/x"]),
        ("example.com: yes", vec!["example.com"]),
        ("Visit example.com. Or example.org, ok?", vec!["example.com", "example.org"]),
        ("example.com?x=1", vec!["example.com?x=1"]),
        ("3.example.com…", vec!["3.example.com"]),
        ("end.Then 3.14 a.b file.txt v1.2.3 e.g. U.S.", vec![]),
        ("me@example.com first.last@example.co.uk", vec![]),
        ("see_example.com ./example.com -example.com", vec![]),
        ("https://пример.рф/путь дальше", vec!["https://пример.рф/путь"]),
        ("https://مثال.com/مسار", vec!["https://مثال.com/مسار"]),
        ("https://例え.jp/", vec!["https://例え.jp/"]),
        ("詳しくはexample.com/aをご覧", vec!["example.com/a"]),
        ("https://example.comを見て", vec!["https://example.com"]),
        ("https://example.com/a。次", vec!["https://example.com/a"]),
        ("https://example.com/예제", vec!["https://example.com/"]),
        ("example.com👍 https://example.com/a👍", vec!["example.com", "https://example.com/a"]),
        ("https://☃.net/", vec!["https://☃.net/"]),
        ("«https://example.com/é»", vec!["https://example.com/é"]),
        ("https://a.com https://b.com", vec!["https://a.com", "https://b.com"]),
        ("<a href=\"https://a.com/x\">", vec!["https://a.com/x"]),
        ("xhttps://a.com", vec![]),
        ("bücher.de", vec!["bücher.de"]),
        ("https://xn--p1ai.xn--p1ai/", vec!["https://xn--p1ai.xn--p1ai/"]),
    ] {
        assert_eq!(texts(&extract(text).urls), links, "{text}");
    }
}

#[test]
fn x_reads_links_its_own_way() {
    for (text, links) in [
        ("http://localhost http://10.0.0.1 http://nowhere", vec![]),
        ("https://example.com/日本", vec!["https://example.com/"]),
        ("https://example.com/Русский", vec!["https://example.com/Русский"]),
        (
            "https://example.com/a_(b) (https://example.com/c)",
            vec!["https://example.com/a_(b)", "https://example.com/c"],
        ),
        ("https://example.com/a_(b(c)d)e", vec!["https://example.com/a_(b(c)d)e"]),
        ("https://example.com/a_(b(c(d)))", vec!["https://example.com/a_"]),
        ("https://example.com?x=1.", vec!["https://example.com?x=1"]),
        ("https://example.com? x", vec!["https://example.com"]),
        ("Visit example.com. Or example.org!", vec!["example.com", "example.org"]),
        ("example.com?x=other.org example.com/?x=1", vec!["example.com", "example.com/?x=1"]),
        ("example.com:80 example.com:80/x", vec!["example.com", "example.com:80/x"]),
        ("éa.com éa.com", vec!["a.com", "éa.com"]),
        (
            "https://t.co/abc-d https://t.co/abc?x=1",
            vec!["https://t.co/abc", "https://t.co/abc?x=1"],
        ),
        ("one.com二three.net四", vec!["one.com", "three.net"]),
        ("日本.com", vec![]),
        ("sub_domain.example.com", vec!["domain.example.com"]),
        (
            "http://sub_domain.example.com http://bad_name.com",
            vec!["http://sub_domain.example.com"],
        ),
        ("http://-a.com http://a-.com http://a..com", vec![]),
        ("http://example.com-x", vec![]),
        ("shop.みんな/x", vec!["shop.みんな/x"]),
        ("\u{202A}example.com\u{202C}", vec!["example.com"]),
        ("$example.com #example.com @example.com ＠example.com", vec![]),
    ] {
        assert_eq!(texts(&extract_as(text, Syntax::X).urls), links, "{text}");
    }
    let label = "a".repeat(64);
    assert!(extract_as(&format!("http://{label}.com"), Syntax::X).urls.is_empty());
    assert_eq!(extract_as(&format!("http://{}.com", "a".repeat(63)), Syntax::X).urls.len(), 1);
    let prose = "これは長い文章".repeat(12);
    assert!(extract_as(&format!("{prose}example.com"), Syntax::X).urls.is_empty());
    let fits = |length: usize| format!("http://example.com/{}", "a".repeat(length - 19));
    assert_eq!(extract_as(&fits(4096), Syntax::X).urls.len(), 1);
    assert!(extract_as(&fits(4097), Syntax::X).urls.is_empty());
    let name = "a".repeat(41);
    assert!(extract_as(&format!("https://t.co/{name}"), Syntax::X).urls.is_empty());
}

#[test]
fn hashtags_are_found_in_any_script() {
    for (text, tags) in [
        ("#one, #Two! (#three) #4you #五 #６月", vec!["one", "Two", "three", "4you", "五", "６月"]),
        ("#1 #2026 #१२३ #_ #", vec![]),
        ("＃全角 #ﾊｯｼｭ", vec!["全角", "ﾊｯｼｭ"]),
        ("#Größe #übung #e\u{301}te\u{301}", vec!["Größe", "übung", "e\u{301}te\u{301}"]),
        (
            "#महात्मा_१२ #ไทยแลนด์ #עַל־יְדֵי #العربية #می‌خواهم",
            vec!["महात्मा_१२", "ไทยแลนด์", "עַל־יְדֵי", "العربية", "می‌خواهم"],
        ),
        ("#il·lusió #각각", vec!["il·lusió", "각각"]),
        ("C# a#b &#39; 日本#語", vec![]),
        ("👍#a ❤️#b 1️⃣#c", vec!["a", "b", "c"]),
        ("https://a.com/#b a.com/#c", vec![]),
        ("#https://a.com", vec![]),
        ("#a.b #a-b #a's", vec!["a", "a", "a"]),
        ("#️⃣ #\u{20E3}", vec![]),
        ("#tag❤️ #tag🅰", vec!["tag", "tag"]),
        ("#中文，#日本語。", vec!["中文", "日本語"]),
    ] {
        for syntax in [Syntax::Common, Syntax::X] {
            if syntax == Syntax::X && text.contains("1️⃣#") {
                continue;
            }
            assert_eq!(texts(&extract_as(text, syntax).hashtags), tags, "{text} {syntax:?}");
        }
    }
    assert_eq!(texts(&extract("#a#b#c").hashtags), ["a", "b", "c"]);
    assert!(extract_as("#a#b", Syntax::X).hashtags.is_empty());
}

#[test]
fn mentions_are_no_addresses() {
    for (text, common, x) in [
        ("@ann, @Bob_7! (@c)", vec!["ann", "Bob_7", "c"], vec!["ann", "Bob_7", "c"]),
        ("thanks @jo.doe. And @x.", vec!["jo.doe", "x"], vec!["jo", "x"]),
        ("a@b.com a.b@c.org +@d", vec![], vec!["d"]),
        ("＠ann @@bob @ann@example.social", vec!["ann"], vec!["ann"]),
        ("写真@ann さん@bobさん", vec!["ann", "bob"], vec!["ann", "bob"]),
        ("@josé @иван @東京", vec!["josé", "иван", "東京"], vec![]),
        ("https://a.com/@ann a.com/@bob", vec![], vec![]),
        (".@ann /@bob", vec!["ann", "bob"], vec!["ann", "bob"]),
        ("RT@ann xRT@bob", vec![], vec!["ann"]),
        ("@ @. @- @://", vec![], vec![]),
        ("@..a @a..b", vec!["a"], vec!["a"]),
    ] {
        assert_eq!(texts(&extract(text).mentions), common, "{text}");
        assert_eq!(texts(&extract_as(text, Syntax::X).mentions), x, "{text} on X");
    }
    let long = format!("@{}", "a".repeat(25));
    assert_eq!(extract_as(&long, Syntax::X).mentions[0].text.len(), 20);
}

#[test]
fn cashtags_are_short_and_stand_alone() {
    for (text, tags) in [
        ("$TSLA $brk.b, $btc_x. ($no) $A", vec!["TSLA", "brk.b", "btc_x", "A"]),
        ("$5 $TOOLONGX $a1 US$ a$b $$c $ü", vec![]),
        ("$ABC.long $ABC_", vec!["ABC", "ABC"]),
    ] {
        assert_eq!(texts(&extract(text).cashtags), tags, "{text}");
    }
}

#[test]
fn offsets_are_bytes_with_the_sign() {
    let text = "né ＃tag @ann $X.A é.com";
    let found = extract(text);
    for (span, whole) in [
        (found.hashtags[0], "＃tag"),
        (found.mentions[0], "@ann"),
        (found.cashtags[0], "$X.A"),
        (found.urls[0], "é.com"),
    ] {
        assert_eq!(&text[span.start..span.end], whole);
    }
}

#[test]
fn long_and_hostile_texts_take_linear_time() {
    // Quadratic work on these would take minutes, not milliseconds.
    for piece in [
        "a.", "日.", "http://", "@a.", "#a", "@[", "(", "a.com/(", "。a.com", "xn--.", "$a ",
        "://", "日",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        for syntax in [Syntax::Common, Syntax::X] {
            let found = extract_as(&text, syntax);
            assert!(found.urls.iter().all(|span| span.end <= text.len()), "{piece}");
        }
        assert!(super::linkedin::escape(&text).len() >= text.len(), "{piece}");
        assert!(super::parse_x(&text).weighted > 0, "{piece}");
    }
}

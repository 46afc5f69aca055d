#include "text/xml.h"

#include <doctest/doctest.h>

#include <random>

namespace ackd {
namespace {

std::string child(std::string_view document, std::string_view name = "a") {
  const Result<std::string> text = xml_child_text(document, name);
  return text ? *text : "!" + text.error().message;
}

bool names(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a message is written in the wire's own layout, as CDATA or escaped") {
  const Fields fields{{"appid", "wx"}, {"attach", "a&b=c+d %e<f>"}, {"empty", ""}};
  CHECK(xml_encode("xml", fields, true) ==
        "<xml>\n  <appid><![CDATA[wx]]></appid>\n  <attach><![CDATA[a&b=c+d %e<f>]]></attach>\n"
        "  <empty><![CDATA[]]></empty>\n</xml>");
  CHECK(xml_encode("root", fields, false) ==
        "<root>\n  <appid>wx</appid>\n  <attach>a&amp;b=c+d %e&lt;f&gt;</attach>\n  <empty></empty>\n</root>");
  CHECK(xml_encode("xml", {}, true) == "<xml>\n</xml>");
}

TEST_CASE("the end of a CDATA section and a carriage return inside a value are written around") {
  CHECK(xml_encode("x", {{"a", "]]>"}}, true) == "<x>\n  <a><![CDATA[]]]]><![CDATA[>]]></a>\n</x>");
  CHECK(xml_encode("x", {{"a", "1\r\n2"}}, true) == "<x>\n  <a><![CDATA[1]]>&#13;<![CDATA[\n2]]></a>\n</x>");
  CHECK(xml_encode("x", {{"a", "1\r\n2"}}, false) == "<x>\n  <a>1&#13;\n2</a>\n</x>");
}

TEST_CASE("what was written is read back, for every mix of awkward characters") {
  std::mt19937_64 random(11);
  const std::string_view pieces[] = {"]",  "]]", "]]>", "<![CDATA[", "&", "&amp;", "&#0;", "<", ">", "\r",
                                     "\n", "\t", " ",   "单",        "'", "\"",    "x",    ";", "/", "-->"};
  for (int round = 0; round < 3'000; ++round) {
    Fields fields;
    for (std::uint64_t i = random() % 5; i > 0; --i) {
      std::string value;
      for (std::uint64_t length = random() % 9; length > 0; --length) value += pieces[random() % std::size(pieces)];
      fields.push_back({"f" + std::to_string(random() % 3), value});
    }
    for (const bool cdata : {true, false}) {
      const std::string written = xml_encode("xml", fields, cdata);
      const Result<Fields> read = xml_decode(written);
      REQUIRE_MESSAGE(read.ok(), written);
      REQUIRE_MESSAGE(*read == fields, written);
    }
  }
}

TEST_CASE("which texts and names XML can carry") {
  for (const char* text : {"", "a\t\r\n", "单\xF0\x9F\x98\x80", "\x7F", "\xC2\x85", "\xEF\xBF\xBD"}) {
    CHECK_MESSAGE(is_xml_text(text), text);
  }
  for (const char* text : {"\x01", "a\x1B", "\x0B", "\xFF", "\xED\xA0\x80", "\xEF\xBF\xBE", "x\xEF\xBF\xBF"}) {
    CHECK_FALSE(is_xml_text(text));
  }
  CHECK_FALSE(is_xml_text(std::string_view("\0", 1)));
  for (const char* name : {"a", "return_code", "_1", "a-b.c", "Z9"}) CHECK_MESSAGE(is_xml_name(name), name);
  for (const char* name : {"", "1a", "-a", ".a", "a b", "a:b", "a>", "单"})
    CHECK_FALSE_MESSAGE(is_xml_name(name), name);
}

TEST_CASE("a child's text is found as CDATA, as text, in pieces and with references") {
  for (const char* document :
       {"<x><a>ok</a></x>", "<x><a><![CDATA[ok]]></a></x>", "<?xml version='1.0'?>\n<x>\n <b/><a>ok</a>\n</x>\n",
        "<x><a>o<![CDATA[k]]></a></x>", "<x><a><!-- no -->o<?pi?>k</a></x>", "<x><a>&#111;&#x6B;</a></x>",
        "\xEF\xBB\xBF<x><a>ok</a></x>", "<x n='1'><a m=\"2\">ok</a></x>", "<x><b><a>deep</a></b><a>ok</a></x>"}) {
    CHECK_MESSAGE(child(document) == "ok", document);
  }
  CHECK(child("<x><a>1 &lt; 2 &amp;amp; &gt;&quot;&apos;</a></x>") == "1 < 2 &amp; >\"'");
  CHECK(child("<x><a>&#xe9;&#21333;&#x1F600;</a></x>") == "é单\xF0\x9F\x98\x80");
  CHECK(child("<x><a> b\r\nc </a></x>") == " b\nc ");
  CHECK(child("<x><a/></x>").empty());
  CHECK(child("<x><a><![CDATA[&amp;&#0;<b>]]></a></x>") == "&amp;&#0;<b>");
}

TEST_CASE("a document may declare another charset than UTF-8") {
  for (const char* name : {"GBK", "gb2312", "GB18030"}) {
    CHECK(child(std::string("<?xml version=\"1.0\" encoding=\"") + name + "\"?><x><a>\xB6\xA9</a></x>") == "订");
  }
  CHECK(child("<?xml version='1.0' encoding='ISO-8859-1'?><x><a>\xE9</a></x>") == "é");
  CHECK(child("<?xml version='1.0' encoding='GBK'?><x><a>订</a></x>") == "订");
}

TEST_CASE("a document that is not one well-formed element is refused, and why is said") {
  struct Row {
    const char* document;
    const char* named;
  };
  const Row rows[] = {
      {"", "not well-formed"},
      {"ok", "there is text outside of the root element"},
      {"<x><a>ok</a>", "not well-formed"},
      {"<x><a>ok</b></x>", "not well-formed"},
      {"<x><a>ok</a></x>trailing", "text outside of the root element"},
      {"success<x><a>ok</a></x>", "text outside of the root element"},
      {"<x/><x><a>ok</a></x>", "more than one root element"},
      {"<x><a>ok</a></x><![CDATA[more]]>", "text outside of the root element"},
      {"<!DOCTYPE x><x><a>ok</a></x>", "document types are not taken"},
      {"<!DOCTYPE x [<!ENTITY e 'ok'>]><x><a>&e;</a></x>", "document types are not taken"},
      {"<x><a>&e;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>o&k</a></x>", "an '&' that starts no known reference"},
      {"<x><a>ok&#0;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>&#xD800;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>&#x110000;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>&#99999999999999999999;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>&#;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>&#-1;</a></x>", "an '&' that starts no known reference"},
      {"<x><a>\x01</a></x>", "characters that XML does not allow"},
      {"<x><a>\xB6\xA9</a></x>", "the bytes are not valid utf-8"},
      {"<?xml version='1.0' encoding='big5'?><x><a>\xB6\xA9</a></x>", "names a charset that is not known here"},
      {"<?xml version='1.0' encoding='gbk'?><x><a>\xB6</a></x>", "the bytes are not valid gbk"},
      {"<?xml encoding", "not well-formed"},
      {"<?xml version=\"1.0\" encodingutf-8\"?><x><a>ok</a></x>", "not well-formed"},
      {"<?xml encoding='\xB6", "not well-formed"},
      {"<x><b>ok</b></x>", "the XML has no a"},
      {"<x><A>ok</A></x>", "the XML has no a"},
      {"<a>ok</a>", "the XML has no a"},
      {"<x><a>ok</a><a>ok</a></x>", "the XML has more than one a"},
      {"<x><a><b>ok</b></a></x>", "<a> has elements inside"},
  };
  for (const Row& row : rows) {
    const std::string refusal = child(row.document);
    CHECK_MESSAGE(refusal.starts_with("!"), row.document);
    CHECK_MESSAGE(names(refusal, row.named), refusal);
  }
  CHECK(xml_child_text("<x/>", "a").error().code == ErrorCode::kNotFound);
  CHECK(child(std::string_view("<x><a>ok</a>\0</x>", 17)).starts_with("!"));
}

TEST_CASE("the first element is found in whatever surrounds it") {
  const auto first = [](std::string_view text) { return first_element_text(text, "result").value_or("-"); };
  CHECK(first("<result>1</result><redirecturl>http://m/x?a=1&b=2</redirecturl>") == "1");
  CHECK(first("\n \xFF junk & <result> 1\n</result>") == "1");
  CHECK(first("<html><result>0</result><result>1</result>") == "0");
  CHECK(first("<results>9</results><result>1</result>") == "1");
  CHECK(first("<result><![CDATA[1]]></result >") == "1");
  CHECK(first("<result code='x'>1</result>") == "1");
  CHECK(first("<result>a &amp; b</result>") == "a & b");
  CHECK(first("<result/>1</result>").empty());
  CHECK(first("<result></result>").empty());
  for (const char* none : {"", "1", "result", "<result>1", "<result>1</result", "<result", "<result>1</results>",
                           "<result><b>1</b></result>", "<RESULT>1</RESULT>", "<x:result>1</x:result>",
                           "<result>&x;</result>", "<result>1<![CDATA[</result>", "</result>1<result>"}) {
    CHECK_MESSAGE(first(none) == "-", none);
  }
  CHECK(first("<result:a>1</result:a><result>2</result>") == "2");
}

TEST_CASE("a received message is read as its flat children in order") {
  const Result<Fields> read = xml_decode("<xml><b>2</b>\n<a><![CDATA[ 1 ]]></a><b/></xml>");
  REQUIRE(read);
  CHECK(*read == Fields{{"b", "2"}, {"a", " 1 "}, {"b", ""}});
  CHECK(xml_decode("<xml/>")->empty());
  const Result<Fields> nested = xml_decode("<xml><a><b>1</b></a></xml>");
  REQUIRE_FALSE(nested);
  CHECK(nested.error().field == "a");
  CHECK_FALSE(xml_decode("<xml>text<a>1</a></xml>"));
}

TEST_CASE("hostile documents cost neither stack nor time") {
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += "<a>";
  CHECK(child(nested).starts_with("!"));
  for (int i = 0; i < 100'000; ++i) nested += "</a>";
  CHECK(names(child(nested), "elements inside"));
  CHECK_FALSE(xml_decode(nested));
  CHECK(first_element_text(nested, "a") == std::nullopt);

  std::string bomb = "<!DOCTYPE x [<!ENTITY a 'ha'>";
  for (char c = 'b'; c <= 'z'; ++c)
    bomb += std::string("<!ENTITY ") + c + " '&" + char(c - 1) + ";&" + char(c - 1) + ";'>";
  CHECK(names(child(bomb + "]><x><a>&z;</a></x>"), "document types"));
  CHECK(child(std::string(65'536, '<')).starts_with("!"));
  CHECK(child(std::string(65'536, '&')).starts_with("!"));
  CHECK(child("<x>" + std::string(65'536, '[')).starts_with("!"));

  std::string open;
  while (open.size() < 1'000'000) open += "<result>";
  CHECK(first_element_text(open, "result") == std::nullopt);
  while (open.size() < 2'000'000) open += "<resultx";
  CHECK(first_element_text(open, "result") == std::nullopt);
  std::string cdata = "<result>";
  while (cdata.size() < 1'000'000) cdata += "<![CDATA[";
  CHECK(first_element_text(cdata + "</result>", "result") == std::nullopt);
}

}  // namespace
}  // namespace ackd

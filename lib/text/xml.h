// XML as the payment protocols use it: one flat element whose children are the fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/content.h"

namespace ackd {

// "<root>\n  <name><![CDATA[value]]></name>\n ...</root>", values as CDATA or escaped. A "]]>" inside a value is split
// over two CDATA sections, and a carriage return is written as a reference, so that every value comes back as it was.
// REQUIRES: root and names are XML names, values hold no control characters but tab and line ends.
std::string xml_encode(std::string_view root, const Fields& fields, bool cdata);

// Whether the text can stand inside an XML 1.0 document (no control characters but tab, line feed, carriage return).
bool is_xml_text(std::string_view utf8);
// ASCII letters, digits and _ - . only: a colon would ask receivers' parsers for a namespace.
bool is_xml_name(std::string_view text);

// The text of the root's child of that name (CDATA or not, entities of XML resolved, no others). Fails, saying why,
// when the document is not well-formed, when there is no such child (kNotFound) or more than one, when the child has
// elements inside. Document types are refused, so nothing is ever expanded.
Result<std::string> xml_child_text(std::string_view document, std::string_view name);

// The text of the first element of that name in any surrounding text: a reader for answers that are not XML documents
// ("\n<result>1</result><redirecturl>http://m/x</redirecturl>"). Blanks around the text are dropped.
std::optional<std::string> first_element_text(std::string_view text, std::string_view name);

// The flat children of the root, in order; for reading a received message. Fails when a child has children.
Result<Fields> xml_decode(std::string_view document);

}  // namespace ackd

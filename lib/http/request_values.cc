#include "http/request_values.h"

namespace ackd {
namespace {

MHD_Result add_field(void* fields, MHD_ValueKind, const char* name, size_t name_bytes, const char* value,
                     size_t value_bytes) {
  static_cast<Fields*>(fields)->push_back(
      {std::string(name, name_bytes), value == nullptr ? std::string() : std::string(value, value_bytes)});
  return MHD_YES;
}

MHD_Result add_line(void* lines, MHD_ValueKind, const char* name, size_t name_bytes, const char* value,
                    size_t value_bytes) {
  static_cast<std::vector<HeaderLine>*>(lines)->push_back({{name, name_bytes}, {value, value_bytes}});
  return MHD_YES;
}

}  // namespace

Fields fields_of(MHD_Connection* connection, MHD_ValueKind kind) {
  Fields fields;
  MHD_get_connection_values_n(connection, kind, add_field, &fields);
  return fields;
}

std::vector<HeaderLine> lines_of(MHD_Connection* connection) {
  std::vector<HeaderLine> lines;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_line, &lines);
  return lines;
}

std::string content_type_of(const Fields& headers) {
  for (const Field& header : headers) {
    if (same_name(header.name, "Content-Type")) return header.value;
  }
  return {};
}

}  // namespace ackd

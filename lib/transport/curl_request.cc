#include "transport/curl_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "transport/http_grammar.h"

namespace ackd {
namespace {

// A peer that closed an idle connection just as it is used again makes libcurl send twice; servers commonly close after
// 60 s or more, so connections that are older when idle are not used again.
constexpr long kIdleSecondsMax = 30;

bool has_header(const HttpRequest& request, const char* name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const Field& header) { return same_name(header.name, name); });
}

// In libcurl's spelling "Name;" sends an empty value, while "Name:" and blanks behind it would send nothing.
std::string header_line(const Field& header) {
  const bool blank = header.value.find_first_not_of(" \t") == std::string::npos;
  return blank ? header.name + ";" : header.name + ": " + header.value;
}

bool is_one_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Status check_header(const HttpRequest& request, const Field& header) {
  if (!is_token(header.name)) return invalid("a header's name has characters that HTTP forbids", "headers");
  if (is_transport_header(header.name)) {
    return invalid(fmt::format("header {} is set by the transport and must not be given", header.name), "headers");
  }
  if (!std::all_of(header.value.begin(), header.value.end(), is_field_content)) {
    return invalid(fmt::format("the value of header {} holds a control character", header.name), "headers");
  }
  const auto same = [&](const Field& other) { return same_name(other.name, header.name); };
  if (std::count_if(request.headers.begin(), request.headers.end(), same) > 1) {
    return invalid(fmt::format("header {} is given twice", header.name), "headers");
  }
  return Done{};
}

// libcurl copies neither: the means outlive the transfer.
curl_blob blob_of(const std::string& bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

void set_client_certificate(CurlOptions& options, const ClientCertificate& own) {
  curl_blob certificate = blob_of(own.certificate);
  curl_blob key = blob_of(own.key.reveal());
  options.set(CURLOPT_SSLCERT_BLOB, &certificate)
      .set(CURLOPT_SSLCERTTYPE, "PEM")
      .set(CURLOPT_SSLKEY_BLOB, &key)
      .set(CURLOPT_SSLKEYTYPE, "PEM");
}

// Through a tunnel whatever the scheme, to the address that was checked: the proxy never sees the host's name, so it
// cannot resolve it to something else.
void set_proxy(CurlOptions& options, const SocketAddress& proxy) {
  options.set(CURLOPT_PROXY, ("http://" + to_string(proxy)).c_str())
      .set(CURLOPT_NOPROXY, "")
      .set(CURLOPT_HTTPPROXYTUNNEL, 1L)
      .set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE))
      .set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

}  // namespace

Status check_request(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "POST") {
    return invalid(fmt::format("method '{}' is not GET or POST", request.method), "method");
  }
  if (request.method == "GET" && !request.body.empty()) return invalid("a GET request has no body", "body");
  if (!is_one_word(request.url.text())) return invalid("the URL holds a blank or a control character", "url");
  for (const Field& header : request.headers) {
    if (const Status sound = check_header(request, header); !sound) return sound;
  }
  return Done{};
}

void set_fixed_options(CurlOptions& options) {
  options
      .set(CURLOPT_NOSIGNAL, 1L)  // timeouts without SIGALRM: there are threads
      .set(CURLOPT_PROTOCOLS_STR, "http,https")
      .set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1))
      .set(CURLOPT_HTTP09_ALLOWED, 0L)
      .set(CURLOPT_FOLLOWLOCATION, 0L)
      .set(CURLOPT_PATH_AS_IS, 1L)  // the path may be signed; "/a/../b" stays what it is
      .set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L)
      .set(CURLOPT_PROXY, "")  // not even from http_proxy in the environment
      .set(CURLOPT_NOPROXY, "*")
      .set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED))
      .set(CURLOPT_ACCEPT_ENCODING, static_cast<char*>(nullptr))  // no decompression bombs
      .set(CURLOPT_HTTP_TRANSFER_DECODING, 0L)                    // chunks come raw: transport/chunk_reader.h
      .set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2))
      .set(CURLOPT_SSL_VERIFYPEER, 1L)
      .set(CURLOPT_SSL_VERIFYHOST, 2L)
      // The trust store comes through the SSL context; a default directory would be read for every connection.
      .set(CURLOPT_CAINFO, static_cast<char*>(nullptr))
      .set(CURLOPT_CAPATH, static_cast<char*>(nullptr))
      .set(CURLOPT_DNS_CACHE_TIMEOUT, 0L)  // only pinned addresses come here; the cache would cost and give nothing
      .set(CURLOPT_MAXAGE_CONN, kIdleSecondsMax);
}

void set_way_out(CurlOptions& options, const WayOut& way) {
  if (way.proxy != nullptr) set_proxy(options, *way.proxy);
  if (way.source_address) options.set(CURLOPT_INTERFACE, ("host!" + to_string(*way.source_address)).c_str());
  if (!way.settings) return;
  if (!way.settings->authority.empty()) {
    curl_blob authorities = blob_of(way.means.authorities.find(way.settings->authority)->second);
    options.set(CURLOPT_CAINFO_BLOB, &authorities);
  }
  if (!way.settings->client_certificate.empty()) {
    set_client_certificate(options, way.means.client_certificates.find(way.settings->client_certificate)->second);
  }
  if (!way.settings->pinned_keys.empty()) options.set(CURLOPT_PINNEDPUBLICKEY, way.settings->pinned_keys.c_str());
  if (!way.verify_server) options.set(CURLOPT_SSL_VERIFYPEER, 0L).set(CURLOPT_SSL_VERIFYHOST, 0L);
}

void set_request(CurlOptions& options, const HttpRequest& request, CurlList& headers) {
  for (const Field& header : request.headers) headers.append(header_line(header).c_str());
  headers.append("Expect:");  // no "100-continue" round trip for larger bodies
  if (!has_header(request, "Content-Type")) headers.append("Content-Type:");  // libcurl would invent one for POST
  options.set(CURLOPT_URL, request.url.text().c_str()).set(CURLOPT_HTTPHEADER, headers.get());
  if (request.method == "GET") {
    options.set(CURLOPT_HTTPGET, 1L);
    return;
  }
  options.set(CURLOPT_POST, 1L)
      .set(CURLOPT_POSTFIELDS, request.body.data())
      .set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

}  // namespace ackd

#include "core/allowlist_file.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "core/proxy_error.h"

namespace glovebox::core {
namespace {

constexpr std::size_t file_size_max = 1024 * 1024;

constexpr std::string_view example = "write\n  allowlist:\n  - {address: example.com, port: 443}";

// Where each document of a stream begins, and nothing of what is in it.
class DocumentStarts final : public YAML::EventHandler {
  public:
    [[nodiscard]] const std::vector<YAML::Mark>& marks() const { return marks_; }

    void OnDocumentStart(const YAML::Mark& mark) override { marks_.push_back(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

  private:
    std::vector<YAML::Mark> marks_;
};

// The second document's begin. LoadAll would say it too, but goes on for ever at a token that
// begins no document, such as a comma (yaml-cpp 0.7).
std::optional<YAML::Mark> second_document(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    DocumentStarts starts;
    if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts))
        return std::nullopt;
    return starts.marks()[1];
}

class FileReader {
  public:
    explicit FileReader(std::string_view file_name) : file_name_(file_name) {}

    Result<Allowlist> read(std::string_view text) const {
        YAML::Node top;
        try {
            if (const auto second = second_document(std::string(text)))
                return refuse(*second, "one document was expected, and this stands behind it");
            top = YAML::Load(std::string(text));
        } catch (const YAML::Exception& failure) {
            if (failure.mark.pos >= 0 && at_star(text, static_cast<std::size_t>(failure.mark.pos)))
                return refuse(failure.mark,
                              "a value that begins with a star is written in quotes, for example "
                              "\"*.example.com\"");
            return refuse(failure.mark, fmt::format("this is not YAML: {}", failure.msg));
        }
        if (top.IsNull())
            return refuse({}, fmt::format("the file says nothing: {}", example));
        if (!top.IsMap())
            return refuse(top.Mark(),
                          fmt::format("a map with the key allowlist was expected: {}", example));
        std::optional<YAML::Node> list;
        for (const auto& entry : top) {
            const std::string key = scalar(entry.first);
            if (key == "whitelist")
                return refuse(entry.first.Mark(), "the key is called allowlist today: rename it");
            if (key != "allowlist")
                return refuse(entry.first.Mark(), fmt::format("the key \"{}\" is not known: only "
                                                              "allowlist was expected here",
                                                              key));
            if (list)
                return refuse(entry.first.Mark(), "allowlist is there twice: join the two");
            list = entry.second;
        }
        if (!list)
            return refuse(top.Mark(), fmt::format("the key allowlist is missing: {}", example));
        if (!list->IsSequence())
            return refuse(list->Mark(), fmt::format("a list of rules was expected: {}", example));
        Allowlist allowlist;
        for (const auto& item : *list) {
            auto rule = read_rule(item);
            if (!rule)
                return rule.error();
            allowlist.add(std::move(*rule));
        }
        return allowlist;
    }

  private:
    Result<AllowRule> read_rule(const YAML::Node& item) const {
        if (!item.IsMap())
            return refuse(item.Mark(),
                          "a rule with address and port was expected: write "
                          "{address: example.com, port: 443}");
        std::optional<YAML::Node> address;
        std::optional<YAML::Node> port;
        for (const auto& field : item) {
            const std::string key = scalar(field.first);
            if (key != "address" && key != "port")
                return refuse(field.first.Mark(),
                              fmt::format("the key \"{}\" is not known: a rule has address and "
                                          "port, and nothing else",
                                          key));
            std::optional<YAML::Node>& place = key == "address" ? address : port;
            if (place)
                return refuse(field.first.Mark(), fmt::format("{} is there twice", key));
            if (!field.second.IsScalar() || field.second.Scalar().empty())
                return refuse(field.second.Mark(), fmt::format("{} needs a value", key));
            place = field.second;
        }
        if (!address || !port)
            return refuse(item.Mark(),
                          fmt::format("the rule has no {}: write {{address: example.com, port: "
                                      "443}}",
                                      address ? "port" : "address"));
        // The two are checked apart only to point at the right one.
        if (const auto ports = PortRange::parse(port->Scalar()); !ports)
            return refuse(port->Mark(), ports.error().message);
        auto rule = AllowRule::parse(address->Scalar(), port->Scalar());
        if (!rule)
            return refuse(address->Mark(), rule.error().message);
        return rule;
    }

    // YAML takes a bare star for an alias; its reader stops at it or right behind.
    static bool at_star(std::string_view text, std::size_t position) {
        return text.substr(std::min(position - std::min<std::size_t>(position, 1), text.size()), 2)
                   .find('*') != std::string_view::npos;
    }

    static std::string scalar(const YAML::Node& node) {
        return node.IsScalar() ? node.Scalar() : "(not a text)";
    }

    Error refuse(const YAML::Mark& mark, const std::string& why) const {
        if (mark.is_null())
            return Error(ProxyErrc::bad_target, fmt::format("{}: {}", file_name_, why));
        return Error(ProxyErrc::bad_target, fmt::format("{}: line {}, column {}: {}", file_name_,
                                                        mark.line + 1, mark.column + 1, why));
    }

    std::string_view file_name_;
};

}  // namespace

Result<Allowlist> parse_allowlist(std::string_view text, std::string_view file_name) {
    return FileReader(file_name).read(text);
}

Result<Allowlist> read_allowlist(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return errno_error("allowlist " + path, errno);
    std::string text(file_size_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad())
        return errno_error("allowlist " + path, errno == 0 ? EIO : errno);
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > file_size_max)
        return Error(ProxyErrc::bad_target,
                     fmt::format("{}: the file has more than {} bytes, which no allowlist needs",
                                 path, file_size_max));
    return parse_allowlist(text, path);
}

}  // namespace glovebox::core

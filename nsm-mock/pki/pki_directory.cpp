// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/pki/pki_directory.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "core/base/replace_file.h"
#include "core/base/unique_fd.h"
#include "core/base/user_entry.h"

namespace glovebox::nsm {
namespace {

constexpr const char* key_name = "root.key";
constexpr const char* certificate_name = "root.pem";
constexpr std::size_t file_bytes_max = 16 * 1024;

// Why a file or directory with this status is not private to this user; empty if it is.
std::string why_not_private(const struct stat& status) {
    if (status.st_uid != ::geteuid())
        return fmt::format("it belongs to user {}, not to you (user {})", status.st_uid,
                           ::geteuid());
    if ((status.st_mode & 077) != 0)
        return fmt::format("it is open to others (mode {:04o})", status.st_mode & 07777);
    return {};
}

Result<void> make_directories(const std::string& path) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
            return errno_error("cannot create the directory " + part + " for the mock root", errno);
        if (slash == std::string::npos)
            return {};
    }
}

// A user's PKI directory, open. Files are reached only through the descriptor.
class Directory {
  public:
    static Result<Directory> open(const std::string& path) {
        UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd)
            return errno_error("cannot open the PKI directory " + path, errno);
        struct stat status {};
        if (::fstat(fd.get(), &status) != 0)
            return errno_error("cannot look at " + path, errno);
        if (const std::string why = why_not_private(status); !why.empty())
            // The message does not advise chmod: it may be a directory that others need, such as
            // /tmp.
            return Error(
                make_error_code(boost::system::errc::permission_denied),
                fmt::format("{}: {}; a mock root is kept private: name a directory that is "
                            "not there yet with --pki, and it is made",
                            path, why));
        return Directory(path, std::move(fd));
    }

    // Until the directory is closed, no other process holds it.
    Result<void> lock() const {
        int result = 0;
        do
            result = ::flock(fd_.get(), LOCK_EX);
        while (result != 0 && errno == EINTR);
        if (result != 0)
            return errno_error("cannot lock the PKI directory " + path_, errno);
        return {};
    }

    // The content of the file; empty if it is missing.
    Result<std::optional<std::string>> read(const char* name) const {
        const std::string path = path_ + "/" + name;
        const UniqueFd file(::openat(fd_.get(), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (!file) {
            if (errno == ENOENT)
                return std::optional<std::string>();
            return errno_error("cannot open " + path, errno);
        }
        struct stat status {};
        if (::fstat(file.get(), &status) != 0)
            return errno_error("cannot look at " + path, errno);
        if (!S_ISREG(status.st_mode))
            return invalid_input(path + ": not a regular file");
        if (const std::string why = why_not_private(status); !why.empty())
            return Error(make_error_code(boost::system::errc::permission_denied),
                         fmt::format("{}: {}; a mock root is kept private: chmod 600 it, or name "
                                     "another directory with --pki",
                                     path, why));
        std::string content(file_bytes_max, '\0');
        const ssize_t size = ::read(file.get(), content.data(), content.size());
        if (size < 0)
            return errno_error("cannot read " + path, errno);
        content.resize(static_cast<std::size_t>(size));
        return std::optional(std::move(content));
    }

    // Replaces a file atomically. Call it under lock().
    Result<void> write(const char* name, const std::string& content) const {
        const auto written = replace_file(
            fd_.get(), name, {.content = as_bytes(content), .survives = Survives::a_power_failure});
        if (!written)
            return Error(written.error()).in("the PKI directory " + path_);
        return {};
    }

  private:
    Directory(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    UniqueFd fd_;
};

Error broken(const std::string& directory, std::string_view why) {
    return invalid_input(fmt::format(
        "{}: {}; remove root.key and root.pem there to have a new mock root made", directory, why));
}

// Of a file that was not read. Where OpenSSL may have lacked memory, nothing is to be removed.
Error broken(const std::string& directory, std::string_view file, const Error& cause) {
    const std::string why = fmt::format("{}{}", file, cause.message);
    return cause.code == boost::system::errc::not_enough_memory
               ? Error(cause.code, fmt::format("{}: {}", directory, why))
               : broken(directory, why);
}

Result<CaIdentity> parse_root(const std::string& directory, const std::string& key_pem,
                              const std::string& certificate_pem) {
    const auto key = SigningKey::from_pem(key_pem);
    if (!key)
        return broken(directory, "root.key is ", key.error());
    const auto certificate = Certificate::from_pem(certificate_pem);
    if (!certificate)
        return broken(directory, "root.pem: ", certificate.error());
    if (!is_key_of(key->get(), certificate->get()))
        return broken(directory, "root.key is not the key of root.pem");
    return CaIdentity{*key, *certificate};
}

}  // namespace

Result<std::string> default_pki_directory() {
    const char* data_home = std::getenv("XDG_DATA_HOME");
    if (data_home != nullptr && data_home[0] == '/')  // the specification ignores relative ones
        return std::string(data_home) + "/glovebox/pki";
    std::string home;
    if (const char* variable = std::getenv("HOME"); variable != nullptr && variable[0] == '/')
        home = variable;
    else if (const auto user = find_user(::geteuid()))
        home = user->home;
    if (home.empty())
        return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                     fmt::format("no place for the mock root: neither XDG_DATA_HOME nor HOME is "
                                 "set, and /etc/passwd has no home folder of user {}; name a "
                                 "directory with --pki",
                                 ::geteuid()));
    while (home.ends_with('/'))
        home.pop_back();
    return home + "/.local/share/glovebox/pki";
}

Result<CaIdentity> open_pki(const std::string& path, RandomSource& random) {
    if (const auto made = make_directories(path); !made)
        return Error(made.error())
            .with_advice("Name a directory that you can write to with --pki, or set XDG_DATA_HOME");
    const auto directory = Directory::open(path);
    if (!directory)
        return directory.error();
    if (const auto locked = directory->lock(); !locked)
        return locked.error();
    const auto key_pem = directory->read(key_name);
    if (!key_pem)
        return key_pem.error();
    const auto certificate_pem = directory->read(certificate_name);
    if (!certificate_pem)
        return certificate_pem.error();
    if (*certificate_pem)
        return *key_pem ? parse_root(path, **key_pem, **certificate_pem)
                        : Result<CaIdentity>(broken(path, "root.pem is there without root.key"));
    // The directory is empty, or has a key whose process was killed before it wrote the
    // certificate.
    CaIdentity root = make_mock_root(random);
    if (const auto written = directory->write(key_name, root.key.to_pem()); !written)
        return written.error();
    if (const auto written = directory->write(certificate_name, root.certificate.to_pem());
        !written)
        return written.error();
    return root;
}

Result<Certificate> read_pki_root(const std::string& path) {
    const auto none = [&path] {
        return Error(
            make_error_code(boost::system::errc::no_such_file_or_directory),
            path + ": no mock root has been made there yet; 'glovebox pki root' makes one");
    };
    const auto directory = Directory::open(path);
    if (!directory)
        return directory.error().code == boost::system::errc::no_such_file_or_directory
                   ? none()
                   : directory.error();
    const auto pem = directory->read(certificate_name);
    if (!pem)
        return pem.error();
    if (!*pem)
        return none();
    auto certificate = Certificate::from_pem(**pem);
    if (!certificate)
        return broken(path, "root.pem: ", certificate.error());
    return certificate;
}

}  // namespace glovebox::nsm

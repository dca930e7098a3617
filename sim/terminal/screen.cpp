// SPDX-License-Identifier: Apache-2.0

#include "sim/terminal/screen.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cwchar>

#include "core/base/colors.h"
#include "core/base/interruption.h"
#include "core/base/printable.h"
#include "sim/terminal/terminal_type.h"

// The last one: it defines macros with short names.
#include <curses.h>

namespace glovebox::terminal {
namespace {

constexpr short warning_pair = 1;

// What of the text fits without half a character at the end, as one of two columns would leave it:
// a terminal puts such a one into the next line.
std::string_view fitting(std::string_view text, int columns) {
    for (std::size_t at = 0; at < text.size();) {
        const FirstCharacter next = first_character(text.substr(at));
        // Negative in a locale that is not Unicode's, where ncurses shows bytes.
        columns -= std::max(::wcwidth(static_cast<wchar_t>(next.character.value_or(0))), 0);
        if (columns < 0)
            return text.substr(0, at);
        at += next.bytes;
    }
    return text;
}

// What ncurses replaces by handlers of its own, kept as it was.
class Dispositions {
  public:
    Dispositions() {
        for (Kept& one : kept_)
            ::sigaction(one.signal, nullptr, &one.action);
    }
    void restore(int signal) const {
        for (const Kept& one : kept_)
            if (one.signal == signal)
                ::sigaction(signal, &one.action, nullptr);
    }

  private:
    struct Kept {
        int signal;
        struct sigaction action;
    };
    std::array<Kept, 4> kept_{Kept{SIGINT, {}}, Kept{SIGTERM, {}}, Kept{SIGTSTP, {}},
                              Kept{SIGWINCH, {}}};
};

class CursesScreen final : public Screen {
  public:
    CursesScreen() {
        sigset_t change;
        sigemptyset(&change);
        sigaddset(&change, SIGWINCH);
        // From here on a change of size comes while ppoll(2) waits, and at no other time.
        ::pthread_sigmask(SIG_BLOCK, &change, &waiting_mask_);
    }

    ~CursesScreen() override {
        if (screen_ != nullptr) {
            ::endwin();
            ::delscreen(screen_);
            dispositions_.restore(SIGTSTP);
            dispositions_.restore(SIGWINCH);
        }
        ::pthread_sigmask(SIG_SETMASK, &waiting_mask_, nullptr);
    }

    // Whether ncurses could be started.
    [[nodiscard]] bool start() {
        constexpr int escape_milliseconds = 50;
        // Widths of characters are those of the user's locale.
        std::setlocale(LC_CTYPE, "");
        std::fflush(stdout);
        screen_ = ::newterm(nullptr, stdout, stdin);
        // These come by Interruption.
        dispositions_.restore(SIGINT);
        dispositions_.restore(SIGTERM);
        if (screen_ == nullptr)
            return false;
        ::cbreak();
        ::noecho();
        ::curs_set(0);
        ::keypad(stdscr, true);
        ::nodelay(stdscr, true);
        ::set_escdelay(escape_milliseconds);
        if (Colors::of(ColorWish::automatic, STDOUT_FILENO).are_shown() && ::has_colors() &&
            ::start_color() == OK && ::use_default_colors() == OK)
            has_colors_ = ::init_pair(warning_pair, COLOR_RED, -1) == OK;
        return true;
    }

    [[nodiscard]] std::size_t rows() const override {
        return static_cast<std::size_t>(std::max(getmaxy(stdscr), 1));
    }

    void show(const std::vector<Line>& lines, std::string_view footer) override {
        ::werase(stdscr);
        const std::size_t space = rows() - 1;
        for (std::size_t row = 0; row < std::min(space, lines.size()); ++row)
            draw(row, lines[row]);
        draw(space, {std::string(footer), Line::Look::heading});
        ::wrefresh(stdscr);
    }

    [[nodiscard]] std::optional<int> key_until(
        std::chrono::steady_clock::time_point deadline) override {
        if (const auto key = read_key())
            return key;
        const auto left = std::max(deadline - std::chrono::steady_clock::now(),
                                   std::chrono::steady_clock::duration::zero());
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
        const timespec timeout{
            seconds.count(),
            std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
        std::array<pollfd, 2> waited{pollfd{interruption_.fd(), POLLIN, 0},
                                     pollfd{has_keys_ ? STDIN_FILENO : -1, POLLIN, 0}};
        static_cast<void>(::ppoll(waited.data(), waited.size(), &timeout, &waiting_mask_));
        interruption_.check();
        auto key = read_key();
        // Readable, and nothing to read: the terminal is gone.
        if (!key && waited[1].revents != 0)
            has_keys_ = false;
        return key;
    }

  private:
    // Inserted, not added: what is beyond the window's edge falls off and wraps into no other row.
    void draw(std::size_t row, const Line& line) const {
        const int y = static_cast<int>(row);
        // A text of its own: ncurses 6.4 reads wide characters beyond the length that it is given.
        const std::string text(fitting(line.text, getmaxx(stdscr)));
        mvwinsnstr(stdscr, y, 0, text.c_str(), -1);
        if (line.look == Line::Look::heading)
            mvwchgat(stdscr, y, 0, -1, A_BOLD, 0, nullptr);
        else if (line.look == Line::Look::selected)
            mvwchgat(stdscr, y, 0, -1, A_REVERSE, 0, nullptr);
        else if (line.look == Line::Look::warning && has_colors_)
            mvwchgat(stdscr, y, 0, -1, A_NORMAL, warning_pair, nullptr);
    }

    [[nodiscard]] std::optional<int> read_key() const {
        constexpr wint_t escape = 0x1b;
        if (!has_keys_)
            return std::nullopt;
        wint_t read = 0;
        const int kind = ::wget_wch(stdscr, &read);
        if (kind == KEY_CODE_YES && read == KEY_RESIZE) {
            // What the terminal has made of its lines is not known.
            ::clearok(stdscr, true);
            return std::nullopt;
        }
        if (kind == ERR)
            return std::nullopt;
        if (kind != KEY_CODE_YES)
            return read == escape ? static_cast<int>(key_escape) : static_cast<int>(read);
        switch (read) {
            case KEY_UP:
                return key_up;
            case KEY_DOWN:
                return key_down;
            case KEY_PPAGE:
                return key_page_up;
            case KEY_NPAGE:
                return key_page_down;
            case KEY_ENTER:
                return '\n';
            default:
                return key_other;
        }
    }

    Interruption interruption_;  // until the terminal is given back
    Dispositions dispositions_;
    sigset_t waiting_mask_{};
    SCREEN* screen_ = nullptr;
    bool has_keys_ = ::isatty(STDIN_FILENO) != 0;
    bool has_colors_ = false;
};

}  // namespace

Result<std::unique_ptr<Screen>> Screen::open() {
    if (const std::string why = why_unusable_terminal(); !why.empty())
        return invalid_input(why);
    auto screen = std::make_unique<CursesScreen>();
    if (!screen->start())
        return invalid_input("ncurses can't use this terminal");
    return std::unique_ptr<Screen>(std::move(screen));
}

}  // namespace glovebox::terminal

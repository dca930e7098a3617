// SPDX-License-Identifier: Apache-2.0

// Chance as a parameter: a seed replays a run.
#pragma once

#include <cstdint>
#include <random>
#include <span>

namespace glovebox {

class RandomSource {
  public:
    virtual ~RandomSource() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;
};

// The kernel's generator, getrandom(2). Safe from any thread.
class SystemRandom final : public RandomSource {
  public:
    void fill(std::span<std::uint8_t> out) override;
};

// The same bytes for the same seed, on every machine. For tests and replays; never for keys that
// matter. Not safe from several threads.
class SeededRandom final : public RandomSource {
  public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> out) override;

  private:
    std::mt19937_64 engine_;
};

}  // namespace glovebox

// SPDX-License-Identifier: Apache-2.0

// A visitor for std::visit made of one lambda a type.
#pragma once

namespace glovebox {

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 14 deduces none for aggregates

}  // namespace glovebox

// A visitor for std::visit made of one lambda a type.
#pragma once

namespace glovebox::nsm {

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

}  // namespace glovebox::nsm

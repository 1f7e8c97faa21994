//! Rules `envoy.listen.*`: which listener and filter chain takes a connection.

use crate::explain::{Fidelity, Rule, RuleId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId("envoy.listen.chain"),
        sentence: "The chain that fits best takes a connection: by destination port, destination \
                   address, server name, transport, application protocol and source address, in \
                   this order and without a way back.",
        source: "Envoy, api/envoy/config/listener/v3/listener_components.proto, FilterChainMatch; \
                 FilterChainManagerImpl::findFilterChain",
        fidelity: Fidelity::Exact,
        test: "listening::tests::criteria_count_in_order_and_there_is_no_way_back",
    },
    Rule {
        id: RuleId("envoy.listen.chain-passed-over"),
        sentence: "A chain with a criterion that does not fit, or fits less well than another's, \
                   is passed over.",
        source: "Envoy, listener_components.proto, FilterChainMatch",
        fidelity: Fidelity::Exact,
        test: "listening::tests::every_chain_that_is_passed_over_says_why",
    },
    Rule {
        id: RuleId("envoy.listen.client-certificate"),
        sentence: "A chain that wants a client certificate ends the handshake without one.",
        source: "Envoy, api/envoy/extensions/transport_sockets/tls/v3/tls.proto, \
                 require_client_certificate; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "listening::tests::peer_and_chain_must_agree_on_encryption_and_certificates",
    },
    Rule {
        id: RuleId("envoy.listen.default-chain"),
        sentence: "The default chain takes connections that no other chain takes.",
        source: "Envoy, api/envoy/config/listener/v3/listener.proto, default_filter_chain",
        fidelity: Fidelity::Exact,
        test: "listening::tests::no_chain_is_a_reset_unless_there_is_a_default_and_several_are_an_error",
    },
    Rule {
        id: RuleId("envoy.listen.denied"),
        sentence: "Access rules of a chain close connections that they deny, without an answer.",
        source: "Envoy, source/extensions/filters/network/rbac/rbac_filter.cc",
        fidelity: Fidelity::Exact,
        test: "listening::tests::access_rules_of_the_chain_close_connections",
    },
    Rule {
        id: RuleId("envoy.listen.handed-over"),
        sentence: "A listener that captures connections hands them over to the listener of the \
                   address that was dialled; without one it serves them itself.",
        source: "Envoy, listener.proto, use_original_dst",
        fidelity: Fidelity::Exact,
        test: "listening::tests::a_capturing_listener_hands_over_to_the_listener_of_the_address_or_serves_itself",
    },
    Rule {
        id: RuleId("envoy.listen.listener"),
        sentence: "The listener of the dialled address takes a connection, else the one of the \
                   port on all addresses.",
        source: "Envoy, ConnectionHandlerImpl::getBalancedHandlerByAddress",
        fidelity: Fidelity::Exact,
        test: "listening::tests::the_listener_of_the_address_goes_before_the_one_of_all_addresses",
    },
    Rule {
        id: RuleId("envoy.listen.no-chain"),
        sentence: "A connection that no chain takes is closed; the flag is NR.",
        source: "Envoy, \"Access logging\", %RESPONSE_FLAGS%; ActiveStreamListenerBase::newConnection",
        fidelity: Fidelity::Exact,
        test: "listening::tests::no_chain_is_a_reset_unless_there_is_a_default_and_several_are_an_error",
    },
    Rule {
        id: RuleId("envoy.listen.no-listener"),
        sentence: "A connection to a port on which nobody listens is refused.",
        source: "TCP; Envoy binds the sockets of its listeners and no others",
        fidelity: Fidelity::Exact,
        test: "listening::tests::the_listener_of_the_address_goes_before_the_one_of_all_addresses",
    },
    Rule {
        id: RuleId("envoy.listen.plaintext-to-tls"),
        sentence: "Plaintext that reaches a chain which ends TLS is no handshake: the connection \
                   is closed.",
        source: "Envoy, \"TLS\"; held to Envoy 1.40",
        fidelity: Fidelity::Exact,
        test: "listening::tests::peer_and_chain_must_agree_on_encryption_and_certificates",
    },
    Rule {
        id: RuleId("envoy.listen.several-chains"),
        sentence: "Chains that fit a connection alike make Envoy refuse the listener.",
        source: "Envoy, FilterChainManagerImpl::addFilterChains: multiple filter chains with \
                 overlapping matching rules",
        fidelity: Fidelity::Simplified,
        test: "listening::tests::no_chain_is_a_reset_unless_there_is_a_default_and_several_are_an_error",
    },
    Rule {
        id: RuleId("envoy.listen.tls-to-plaintext"),
        sentence: "TLS that reaches a chain which reads plaintext HTTP is no request.",
        source: "Envoy, source/common/http/http1/codec_impl.cc: the bytes of a handshake are an \
                 HTTP/1 protocol error",
        fidelity: Fidelity::Exact,
        test: "listening::tests::peer_and_chain_must_agree_on_encryption_and_certificates",
    },
];

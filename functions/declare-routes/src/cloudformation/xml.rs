//! The answers of `CloudFormation`'s API, of which a few fields are read.

use std::collections::BTreeMap;

use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};

/// The elements inside which fields stand. All others are passed over, whatever they hold.
const CONTAINERS: [&str; 6] =
    ["Error", "StackResourceDetail", "StackResourceSummaries", "StackResources", "Stacks", "member"];

/// The elements each of which starts another record.
const RECORDS: [&str; 3] = ["Error", "StackResourceDetail", "member"];

/// The fields that are read.
const FIELDS: [&str; 8] = [
    "Code",
    "LogicalResourceId",
    "NextToken",
    "PhysicalResourceId",
    "ResourceStatus",
    "ResourceType",
    "RootId",
    "StackId",
];

/// An answer is no XML.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadXml {
    /// It is no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It breaks a rule of XML.
    #[error("it is no XML")]
    Xml(#[from] XmlDecodeError),
    /// It does not end with the end tag of its root.
    #[error("it is cut off")]
    CutOff,
}

/// A stack, a resource or an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record(BTreeMap<String, String>);

impl Record {
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }
}

/// An answer.
#[derive(Debug, Default)]
pub(crate) struct QueryResponse {
    pub(crate) records: Vec<Record>,
    pub(crate) next_token: Option<String>,
}

impl QueryResponse {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, BadXml> {
        let text = str::from_utf8(body).map_err(|_| BadXml::NotUtf8)?;
        let mut document = Document::new(text);
        let mut root = document.root_element()?;
        // The decoder takes the end of the text for the end of whatever is open.
        if !text.trim_end().ends_with(&format!("</{}>", root.start_el().local())) {
            return Err(BadXml::CutOff);
        }
        let mut answer = Self::default();
        answer.read(&mut root)?;
        Ok(answer)
    }

    /// Returns the first record.
    pub(crate) fn first(self) -> Option<Record> {
        self.records.into_iter().next()
    }

    fn read(&mut self, element: &mut ScopedDecoder<'_, '_>) -> Result<(), BadXml> {
        while let Some(mut inner) = element.next_tag() {
            let name = inner.start_el().local().to_owned();
            if RECORDS.contains(&name.as_str()) {
                self.records.push(Record::default());
            }
            if CONTAINERS.contains(&name.as_str()) || name.ends_with("Result") {
                self.read(&mut inner)?;
            } else if FIELDS.contains(&name.as_str()) {
                let text = try_data(&mut inner)?.into_owned();
                match self.records.last_mut() {
                    Some(record) if name != "NextToken" => drop(record.0.insert(name, text)),
                    _ if name == "NextToken" => self.next_token = Some(text),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fields_of_each_record_are_read_and_everything_else_is_passed_over() {
        let text = r#"<?xml version="1.0"?><ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
          <ListStackResourcesResult><NextToken>n &amp; m</NextToken><StackResourceSummaries>
          <member><PhysicalResourceId>a1</PhysicalResourceId><DriftInformation><ResourceStatus>NO</ResourceStatus></DriftInformation>
            <ResourceType>AWS::ApiGatewayV2::Api</ResourceType></member>
          <member><ResourceStatus>CREATE_COMPLETE</ResourceStatus><Outputs><member><StackId>no</StackId></member></Outputs></member>
          </StackResourceSummaries></ListStackResourcesResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
          </ListStackResourcesResponse>"#;
        let answer = QueryResponse::parse(text.as_bytes()).unwrap();
        assert_eq!(answer.next_token.as_deref(), Some("n & m"));
        let [first, second] = answer.records.as_slice() else { panic!("{answer:?}") };
        assert_eq!((first.get("PhysicalResourceId"), first.get("ResourceStatus")), (Some("a1"), None));
        assert_eq!(first.get("ResourceType"), Some("AWS::ApiGatewayV2::Api"));
        assert_eq!((second.get("ResourceStatus"), second.get("StackId")), (Some("CREATE_COMPLETE"), None));
    }

    #[test]
    fn the_code_of_an_error_is_read() {
        let text = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>m</Message></Error></ErrorResponse>";
        let error = QueryResponse::parse(text.as_bytes()).unwrap().first().unwrap();
        assert_eq!(error.get("Code"), Some("ValidationError"));
        for text in ["", "no XML", "<a", "\u{0}"] {
            assert!(QueryResponse::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_answer_that_is_cut_off_is_no_answer() {
        let text = "<R><DescribeStacksResult><Stacks><member><StackId>s</StackId></member></Stacks></DescribeStacksResult></R>";
        for end in 0..text.len() {
            assert!(QueryResponse::parse(&text.as_bytes()[..end]).is_err(), "{}", &text[..end]);
        }
        for whole in [text.to_owned(), format!("{text}\n")] {
            assert_eq!(
                QueryResponse::parse(whole.as_bytes()).unwrap().first().unwrap().get("StackId"),
                Some("s")
            );
        }
    }

    proptest! {
        #[test]
        fn no_answer_ends_the_process(text in ".*|(<(member|Error|/member|Code|StackId)>|[a-z&;]{0,3}){0,20}") {
            drop(QueryResponse::parse(text.as_bytes()));
        }
    }

    /// Writes an element with a text, every character as a reference.
    fn element(name: &str, text: &str) -> String {
        let references: Vec<_> = text.chars().map(|c| format!("&#x{:X};", u32::from(c))).collect();
        format!("<{name}>{}</{name}>", references.concat())
    }

    fn written(answer: &QueryResponse) -> String {
        let token = answer.next_token.as_deref().map(|token| element("NextToken", token)).unwrap_or_default();
        let member = |record: &Record| {
            let fields: Vec<_> = record.0.iter().map(|(name, text)| element(name, text)).collect();
            format!("<member>{}</member>", fields.concat())
        };
        let members: Vec<_> = answer.records.iter().map(member).collect();
        format!("<Response><Result>{token}{}</Result></Response>", members.concat())
    }

    #[test]
    fn fuzzed_answers_of_cloudformation_read_back_and_hold_no_more_than_was_sent() {
        fuzz::texts("cloudformation_answer").play(|text| {
            let Ok(answer) = QueryResponse::parse(text.as_bytes()) else { return false };
            let texts = answer.records.iter().flat_map(|record| record.0.values()).chain(&answer.next_token);
            let length: usize = texts.map(String::len).sum();
            assert!(length <= text.len() && answer.records.len() <= text.matches('<').count());
            let again = QueryResponse::parse(written(&answer).as_bytes()).unwrap();
            assert_eq!((&again.records, &again.next_token), (&answer.records, &answer.next_token));
            !answer.records.is_empty()
        });
    }
}

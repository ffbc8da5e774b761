using System.Text.Json;

namespace Nines.Tables.Protocol;

/// <summary>The shapes a member's value can have, and the service framework's words when it has another.</summary>
internal ref partial struct JsonInput
{
    private const string StructureNotExpected = "Start of structure or map found where not expected";
    private const string UnexpectedFieldType = "Unexpected field type";

    // The service framework's own slip, which clients see.
    private const string NotAClass = "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
        + "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base "
        + "of loader 'bootstrap')";

    /// <summary>True when the current value is a list.</summary>
    public bool IsList()
    {
        if (_reader.TokenType == JsonTokenType.StartArray)
        {
            return true;
        }

        Fail(_reader.TokenType == JsonTokenType.StartObject ? StructureNotExpected : UnexpectedFieldType);
        return false;
    }

    /// <summary>True when the current value is a map of the given Java value type.</summary>
    public bool IsMap(string valueType)
    {
        if (_reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        Fail(_reader.TokenType == JsonTokenType.StartArray
            ? $"Unrecognized collection type java.util.Map<java.lang.String, {valueType}>"
            : UnexpectedFieldType);
        return false;
    }

    /// <summary>True when the current value is a map that is an element of a list of maps.</summary>
    public bool IsParameterizedMap()
    {
        if (_reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        Fail(_reader.TokenType == JsonTokenType.StartArray
            ? "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
            : NotAClass);
        return false;
    }

    /// <summary>True when the current value is a list that is a value of a map of lists.</summary>
    public bool IsParameterizedList()
    {
        if (_reader.TokenType == JsonTokenType.StartArray)
        {
            return true;
        }

        Fail(_reader.TokenType == JsonTokenType.StartObject ? StructureNotExpected : NotAClass);
        return false;
    }

    /// <summary>True when the current value is a structure inside a list or map.</summary>
    public bool IsElement(string type) => IsStructure(type, "Unexpected value type in payload");

    /// <summary>True when the current value is a structure that is a member of another.</summary>
    public bool IsField(string type) => IsStructure(type, UnexpectedFieldType);

    private bool IsStructure(string type, string scalarFault)
    {
        if (_reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        Fail(_reader.TokenType == JsonTokenType.StartArray
            ? "Unrecognized collection type class com.amazonaws.dynamodb.v20120810." + type
            : scalarFault);
        return false;
    }

    private void FailScalar(string wanted) => Fail(_reader.TokenType switch
    {
        JsonTokenType.True => "TRUE_VALUE cannot be converted to " + wanted,
        JsonTokenType.False => "FALSE_VALUE cannot be converted to " + wanted,
        JsonTokenType.String => "STRING_VALUE cannot be converted to " + wanted,
        JsonTokenType.Number => (IsWhole() ? "NUMBER_VALUE" : "DECIMAL_VALUE") + " cannot be converted to " + wanted,
        JsonTokenType.StartArray => "Unrecognized collection type class java.lang." + wanted,
        _ => StructureNotExpected,
    });

    private readonly bool IsWhole() => _reader.TryGetDouble(out double value) && value == Math.Floor(value);
}
